import { onAzure, onV1, type Rule } from '../rule.ts';

/** What is mounted, and what is in it. */
export const volumeRules = {
  TEMPLATE_HOST_PATH: {
    on: onAzure('refuse'),
    says: 'The volumes {what} are paths of the host, and there is no host.',
    remedy: 'Use emptyDir, or Azure Files for what has to stay.',
  },
  TEMPLATE_VOLUME: {
    on: onV1('refuse'),
    says: 'The virtual node cannot mount the volumes {what}.',
    remedy: 'Use ConfigMaps, Secrets, emptyDir or Azure Files for what burst pods need.',
  },
  TEMPLATE_VOLUME_CLAIM: {
    on: { AksV2: 'warn' },
    says: 'The volumes {what} are claims, which this virtual node mounts only from Azure Files.',
    remedy: 'Check that their StorageClass is one of Azure Files and their access mode ReadWriteMany.',
  },
  TEMPLATE_AZURE_FILE: {
    on: onV1('refuse'),
    says: 'The Azure Files volumes {what} name no share or no Secret, and the pod fails there.',
    remedy:
      'Write volumeAttributes shareName and secretName; the Secret holds azurestorageaccountname and azurestorageaccountkey.',
  },
  TEMPLATE_AZURE_FILE_SECRET: {
    on: onV1('warn'),
    says: 'The Azure Files volumes {what} need a Secret with the name and the key of the storage account.',
    remedy:
      'Check that it is in the namespace of the target, with azurestorageaccountname and azurestorageaccountkey.',
  },
  TEMPLATE_SUB_PATH: {
    on: onV1('refuse'),
    says: 'The subPath of the mounts {what} is ignored there: the whole volume is mounted in its place.',
    remedy: 'Mount the whole volume into a directory of its own.',
  },
  TEMPLATE_VOLUME_ITEMS: {
    on: onV1('refuse'),
    says: 'The volumes {what} name their files differently there: each key is a file of its own name, and of projected volumes only those under items.',
    remedy: 'Name the keys as the files are to be called; list the items of projected volumes.',
  },
  TEMPLATE_VOLUME_MORE: {
    on: onV1('warn'),
    says: 'The volumes {what} hold all keys there, not only those under items.',
    remedy: 'Use a ConfigMap or Secret with these keys alone where others are in the way.',
  },
  TEMPLATE_VOLUME_EXECUTABLE: {
    on: onV1('refuse'),
    says: 'The modes of the volumes {what} are ignored there: their files cannot be executed.',
    remedy:
      'Run them by their interpreter (sh /scripts/run.sh) and write no mode, or put them into the image.',
  },
  TEMPLATE_VOLUME_MODE: {
    on: onV1('warn'),
    says: 'The modes of the volumes {what} are ignored there.',
    remedy: 'Check that no program minds: ssh refuses a key that others may read.',
  },
  TEMPLATE_EMPTY_DIR: {
    on: onV1('warn'),
    says: 'Medium and size limit of the emptyDir volumes {what} are ignored there.',
    remedy: 'Do not count on memory, nor on a limit.',
  },
  TEMPLATE_VOLUME_NAME: {
    on: onV1('refuse'),
    says: 'The names of the volumes {what} are refused there.',
    remedy: 'Rename them: 5 to 63 small letters, digits and single hyphens.',
  },
  TEMPLATE_TOKEN_VOLUME: {
    on: onV1('refuse'),
    says: 'The volumes {what} project a service-account token, which is not there on the virtual node.',
    remedy: 'Give the pods a credential in a Secret.',
  },
  TEMPLATE_VOLUMES: {
    on: onAzure('refuse'),
    says: 'The template has {what} volumes, and a container group holds at most 20.',
    remedy: 'Put them together, in one projected volume for instance.',
  },
} as const satisfies Readonly<Record<string, Rule>>;
