import { waitFor } from '../cluster/wait-for.ts';
import { type ControllerProcess, startControllerProcess } from '../e2e/controller-process.ts';
import type { Scene } from '../e2e/scene.ts';

/** Two controllers, as in a cluster: one leads and one stands by. One that was killed is started again. */
export class Crew {
  readonly #scene: Scene;
  readonly #kubeconfigPath: string;
  #controllers: readonly ControllerProcess[] = [];
  #started = 0;

  private constructor(scene: Scene, kubeconfigPath: string) {
    this.#scene = scene;
    this.#kubeconfigPath = kubeconfigPath;
  }

  /** Starts both; resolves when one of them leads. */
  static async start(scene: Scene, kubeconfigPath: string): Promise<Crew> {
    const crew = new Crew(scene, kubeconfigPath);
    await crew.add();
    await crew.leader();
    await crew.add();
    return crew;
  }

  /** The one that leads, as soon as there is one. */
  async leader(): Promise<ControllerProcess> {
    return waitFor(
      'a leader',
      async () => {
        const lead = await Promise.all(this.#controllers.map(leads));
        return this.#controllers.find((_, index) => lead[index] === true);
      },
      60_000,
    );
  }

  async add(): Promise<void> {
    this.#started += 1;
    const cluster = { ...this.#scene.cluster, kubeconfigPath: this.#kubeconfigPath };
    const podName = `spillway-${this.#started}`;
    this.#controllers = [...this.#controllers, await startControllerProcess({ cluster, podName })];
  }

  /** As the kubelet does with a container that has ended. */
  async replace(dead: ControllerProcess): Promise<void> {
    this.#controllers = this.#controllers.filter((one) => one !== dead);
    await dead.end();
    await this.add();
  }

  async close(): Promise<void> {
    await Promise.all(this.#controllers.map((one) => one.end()));
  }
}

/** What a controller says of itself; one that is frozen says nothing. */
async function leads({ url }: ControllerProcess): Promise<boolean> {
  const page = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(1000) }).then(
    (response) => response.text(),
    () => '',
  );
  return /^spillway_leader 1$/m.test(page);
}
