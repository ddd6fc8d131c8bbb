import type { Clock } from '../clock.ts';
import type { World } from './world/types.ts';

export interface DriveOptions {
  /** Seconds of the world in one second of the clock: 1 by default. */
  readonly speed?: number;
}

/** A world that goes along with a clock. */
export interface Drive {
  /** Brings the world to the present: to be called before anything is read from it or written into it. */
  catchUp(): void;
  /** Lets the world stand still from now on. */
  close(): void;
}

/**
 * Lets a world go along with a clock: events happen when they are due. With a speed other than 1 the times in the world
 * run away from the clock's; whoever compares them has to know.
 */
export function drive(world: World, clock: Clock, { speed = 1 }: DriveOptions = {}): Drive {
  const worldStartMs = world.now();
  const clockStartMs = clock.elapsed();
  let callOff = (): void => {};
  let closed = false;

  const presentMs = (): number => worldStartMs + (clock.elapsed() - clockStartMs) * speed;
  const arm = (): void => {
    callOff();
    callOff = () => {};
    const nextMs = world.nextEventAtMs;
    if (closed || nextMs === undefined) return;
    callOff = clock.after(Math.max(0, nextMs - presentMs()) / speed, catchUp);
  };
  function catchUp(): void {
    if (closed) return;
    world.runUntil(presentMs());
    arm();
  }

  const forget = world.onEarlier(arm);
  arm();
  return {
    catchUp,
    close() {
      closed = true;
      forget();
      callOff();
    },
  };
}
