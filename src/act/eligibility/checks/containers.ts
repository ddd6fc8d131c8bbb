import type { V1Container, V1EnvVar, V1LifecycleHandler, V1Probe } from '@kubernetes/client-node';
import type { Check } from '../check.ts';
import { askedBy, groupOf, sizeOf } from '../group-size.ts';
import type { containerRules } from '../rules/containers.ts';
import {
  containersThat,
  type Hit,
  hitIf,
  items,
  type PlacedContainer,
  type TemplateView,
} from '../template-view.ts';

/** What Kubernetes fills in where nobody wrote a grace period. */
const defaultGraceSeconds = 30;

/** Of the rules in rules/containers.ts. */
export const containerChecks: Readonly<Record<keyof typeof containerRules, Check>> = {
  TEMPLATE_ARGS: ({ view }) =>
    containersThat(view.containers, 'args', ({ command, args }) => isEmpty(command) && !isEmpty(args)),
  TEMPLATE_WORKING_DIR: ({ view }) =>
    containersThat(view.containers, 'workingDir', ({ workingDir }) => (workingDir ?? '') !== ''),
  TEMPLATE_INIT_CONTAINERS: ({ view }) => containersThat(view.containers.filter(isInit), 'name', () => true),
  TEMPLATE_INIT_RESOURCES: ({ view }) =>
    containersThat(view.containers.filter(isInit), 'name', (init) => hasExtras(init) && fits(init, view)),
  TEMPLATE_INIT_TOO_LARGE: ({ view }) =>
    containersThat(view.containers.filter(isInit), 'resources', (init) => !fits(init, view)),
  TEMPLATE_SIDECAR: ({ view }) =>
    containersThat(
      view.containers.filter(({ role }) => role === 'sidecar'),
      'restartPolicy',
      () => true,
    ),
  TEMPLATE_LIFECYCLE: ({ view }) =>
    containersThat(view.containers, 'lifecycle', (container) => hooksOf(container).some(isHandler)),
  TEMPLATE_LIFECYCLE_SLEEP: ({ view }) =>
    containersThat(view.containers, 'lifecycle', (container) =>
      hooksOf(container).some((hook) => hook.sleep !== undefined),
    ),
  TEMPLATE_GRACE_PERIOD: ({ view: { spec } }) => {
    const seconds = spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
    return hitIf(seconds !== defaultGraceSeconds, ['spec', 'terminationGracePeriodSeconds'], `${seconds} s`);
  },
  TEMPLATE_STARTUP_PROBE: ({ view }) =>
    containersThat(view.main, 'startupProbe', (one) => hasStartupProbe(one) && !needsStartupProbe(one)),
  TEMPLATE_STARTUP_GUARD: ({ view }) =>
    containersThat(view.main, 'startupProbe', (one) => hasStartupProbe(one) && needsStartupProbe(one)),
  TEMPLATE_PROBE_TYPE: ({ view }) => probesThat(view, isUnsupported),
  TEMPLATE_PROBE_HTTP: ({ view }) =>
    probesThat(view, ({ httpGet }) => items(httpGet?.httpHeaders).length > 0 || (httpGet?.host ?? '') !== ''),
  TEMPLATE_PRIVILEGED: ({ view }) =>
    containersThat(
      view.containers,
      'securityContext',
      ({ securityContext }) => securityContext?.privileged === true,
    ),
  TEMPLATE_SECURITY_CONTEXT: ({ view }) => [
    ...hitIf(asksAnything(view.spec.securityContext), ['spec', 'securityContext'], 'the pod'),
    ...containersThat(view.containers, 'securityContext', ({ securityContext }) => {
      const { privileged: _, ...others } = securityContext ?? {};
      return asksAnything(others);
    }),
  ],
  TEMPLATE_ENV_NAME: ({ view }) => variablesThat(view, ({ name }) => !/^[A-Za-z0-9_]+$/.test(name)),
  TEMPLATE_ENV_FIELD: ({ view }) =>
    variablesThat(view, ({ valueFrom }) => {
      const path = valueFrom?.fieldRef?.fieldPath;
      return path !== undefined && !knownField.test(path);
    }),
  TEMPLATE_ENV_RESOURCE: ({ view }) =>
    variablesThat(view, ({ valueFrom }) => (valueFrom?.resourceFieldRef ?? undefined) !== undefined),
  TEMPLATE_ENV_EMPTY: ({ view }) =>
    variablesThat(
      view,
      ({ value, valueFrom }) => (value ?? '') === '' && (valueFrom ?? undefined) === undefined,
    ),
};

/** A probe that the azure-aci provider knows no way to make (getProbe). */
export function isUnsupported({ exec, httpGet }: V1Probe): boolean {
  return (exec ?? undefined) === undefined && (httpGet ?? undefined) === undefined;
}

/** A hook that the azure-aci provider refuses; it does not see `sleep` (hasLifecycleHook). */
export function isHandler({ exec, httpGet, tcpSocket }: V1LifecycleHandler): boolean {
  return [exec, httpGet, tcpSocket].some((handler) => (handler ?? undefined) !== undefined);
}

/** Whether losing the startup probe changes more than the pace: liveness would begin at once, or nothing tells readiness. */
export function needsStartupProbe({ livenessProbe, readinessProbe }: V1Container): boolean {
  return (livenessProbe ?? undefined) !== undefined || (readinessProbe ?? undefined) === undefined;
}

/** Fields that virtual-kubelet resolves (internal/podutils/env.go); status.podIP and status.hostIP are none of them. */
const knownField =
  /^(metadata\.(name|namespace|uid|labels|annotations)(\[.*\])?|spec\.(nodeName|serviceAccountName))$/;

function isInit({ role }: PlacedContainer): boolean {
  return role === 'init';
}

function hasExtras({ ports, resources }: V1Container): boolean {
  return items(ports).length > 0 || asksAnything(resources?.requests) || asksAnything(resources?.limits);
}

function fits(init: V1Container, { main }: TemplateView): boolean {
  if (!asksAnything(init.resources?.requests) && !asksAnything(init.resources?.limits)) return true;
  const group = groupOf(main.map(({ container }) => container));
  const { cpu, memory } = askedBy(init.resources);
  const asked = sizeOf(init);
  return (
    (cpu === undefined || asked.cpuHundredths <= group.cpuHundredths) &&
    (memory === undefined || asked.memoryTenthsOfGb <= group.memoryTenthsOfGb)
  );
}

function hasStartupProbe({ startupProbe }: V1Container): boolean {
  return (startupProbe ?? undefined) !== undefined;
}

function hooksOf({ lifecycle }: V1Container): readonly V1LifecycleHandler[] {
  return items([lifecycle?.preStop, lifecycle?.postStart].filter((hook) => hook !== undefined));
}

function probesThat({ main }: TemplateView, breaks: (probe: V1Probe) => boolean): readonly Hit[] {
  return main.flatMap(({ container, at }) =>
    (['livenessProbe', 'readinessProbe'] as const).flatMap((field) =>
      items([container[field]].filter((probe) => probe !== undefined))
        .filter(breaks)
        .map(() => ({ at: [...at, field], what: container.name })),
    ),
  );
}

function variablesThat(
  { containers }: TemplateView,
  breaks: (variable: V1EnvVar) => boolean,
): readonly Hit[] {
  return containers.flatMap(({ container, at }) =>
    items(container.env).flatMap((variable, index) =>
      breaks(variable) ? [{ at: [...at, 'env', index], what: variable.name }] : [],
    ),
  );
}

/** An object that the API server filled in with nothing in it asks for nothing. */
function asksAnything(object: object | null | undefined): boolean {
  return Object.values(object ?? {}).some((value) => value !== undefined && value !== null);
}

function isEmpty(list: readonly string[] | null | undefined): boolean {
  return (list?.length ?? 0) === 0;
}
