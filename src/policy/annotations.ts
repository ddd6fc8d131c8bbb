/**
 * Annotation of a pod that was let onto the virtual pool: the id of the decision that did it. `act` writes it and
 * `cluster` reads it, and neither may know the other's words.
 */
export const rescuedAnnotation = 'spillway.dev/rescued';
