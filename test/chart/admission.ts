import { waitFor } from '../cluster/wait-for.ts';
import { namespace, observingPolicy, type Scene, startScene, workerDeployment } from '../e2e/scene.ts';
import { chartDir } from './helm.ts';
import { Release } from './release.ts';
import { releaseNamespace } from './render.ts';

/** What the API server said; undefined where it took the request. */
export type Verdict = string | undefined;

/** Somebody, as an argument of kubectl. */
export const spillway = `--as=system:serviceaccount:${releaseNamespace}:spillway`;
export const root = '--as=root';

export const admissionValues = {
  namespaces: [namespace],
  admission: { ownAccount: true, authors: true },
};

/** A cluster with the chart's admission policies in force, a target with two pods, and a policy; no controller runs. */
export class AdmissionScene {
  readonly scene: Scene;
  readonly release: Release;
  /** What Helm said where the type of policies was there before it. */
  readonly refusedAdoption: string;

  private constructor(scene: Scene, release: Release, refusedAdoption: string) {
    this.scene = scene;
    this.release = release;
    this.refusedAdoption = refusedAdoption;
  }

  static async start(): Promise<AdmissionScene> {
    const scene = await startScene();
    const release = new Release(scene);
    // The type was installed by kubectl before: Helm takes it only where it is told to.
    const { stderr } = await release.helm('install', [chartDir, '--create-namespace'], admissionValues);
    const made = new AdmissionScene(scene, release, stderr);
    await release.did('install', [chartDir, '--create-namespace', '--take-ownership'], admissionValues);
    // The policies have to hold whatever RBAC allows, and kubectl reads before it writes.
    await scene.kubectl(
      `create clusterrolebinding all --clusterrole=cluster-admin --serviceaccount=${releaseNamespace}:spillway --user=root`,
    );
    await scene.apply(workerDeployment(), observingPolicy());
    await waitFor('two pods', async () => (await made.podNames('app=thumbnails')).length === 2);
    await waitFor('the policies to be in force', async () =>
      /creates no pods/.test((await made.createPod()) ?? ''),
    );
    return made;
  }

  /** `pod/<name>` of those that a selector selects. */
  async podNames(selector: string): Promise<readonly string[]> {
    const text = await this.scene.kubectl(`get pods -n ${namespace} -l ${selector} -o name`);
    return text.split('\n').filter((line) => line !== '');
  }

  /** A pod of the target. */
  async firstPod(): Promise<string> {
    const [pod = ''] = await this.podNames('app=thumbnails');
    return pod;
  }

  /** Asks with kubectl and these arguments, in the namespace of the policy. */
  async ask(args: readonly string[], input?: object): Promise<Verdict> {
    const given = input === undefined ? {} : { input: JSON.stringify(input) };
    const { code, stderr } = await this.scene.cluster.kubectl(['-n', namespace, ...args], given);
    return code === 0 ? undefined : stderr;
  }

  /** Merges into `kind/name`. */
  patch(who: string, what: string, body: object): Promise<Verdict> {
    return this.ask([who, 'patch', ...what.split('/'), '--type=merge', '-p', JSON.stringify(body)]);
  }

  create(who: string, object: object): Promise<Verdict> {
    return this.ask([who, 'create', '-f', '-'], object);
  }

  createPod(): Promise<Verdict> {
    return this.ask([spillway, 'create', '--dry-run=server', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'own' },
      spec: { containers: [{ name: 'own', image: 'example.com/own:1' }] },
    });
  }
}
