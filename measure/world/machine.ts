import crypto from 'node:crypto';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';
import timers from 'node:timers/promises';
import type { Draws } from '../simulate/draws.ts';
import { WorldAbortController } from './abort.ts';
import { takeDisk } from './disk.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import { WorldHeaders, WorldRequest, WorldResponse } from './web.ts';

/** The time and the chance that this process lives by at present. */
type Present = { readonly time: Scheduler; readonly draws: Pick<Draws, 'uniform'> };

/** Nobody in particular: time limits, and waits of code that names no actor. */
const ANYONE: Actor = { name: 'anyone', isAlive: true };

/** A file of this text, as an upload reads it. */
export class TextFile extends Blob {
  readonly content: string;

  constructor(content: string) {
    super([content]);
    this.content = content;
  }
}

/** Why a time limit aborts: made once, since most are never reached. */
const TOO_LATE = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
/** How to let go of a time limit. */
const LIMITS = new WeakMap<AbortSignal, () => void>();

/** Forgets a time limit: what it was for has ended. */
export function release(limit: AbortSignal | undefined): void {
  if (limit !== undefined) LIMITS.get(limit)?.();
}

/** Texts of files that exist in the world alone, by path. */
const FILES = new Map<string, string>();

/** Puts a text where `openAsBlob` finds it. */
export function writeWorldFile(path: string, content: string): void {
  FILES.set(path, content);
}

let present: Present | undefined;

/** What this process takes for time and chance from now on. */
export function enter(next: Present): void {
  present = next;
}

/**
 * Takes the machine away from this process, for good: what the house asks of Node for time, waits, chance, requests, the agents' disks
 * and the git adapter's folder it gets from the world. So no flow is changed for being simulated. To be called once, in a process that does nothing else.
 */
export function takeMachine(): void {
  const here = (): Present => {
    if (present === undefined) throw new Error('No world has been entered.');
    return present;
  };
  Object.assign(globalThis, {
    ...{ Request: WorldRequest, Response: WorldResponse, Headers: WorldHeaders },
    AbortController: WorldAbortController,
  });
  Date.now = () => Math.floor(here().time.now());
  performance.now = () => here().time.elapsed();
  Math.random = () => here().draws.uniform();
  AbortSignal.timeout = (ms) => {
    const limit = new AbortController();
    LIMITS.set(
      limit.signal,
      here().time.after(ms, ANYONE, () => limit.abort(TOO_LATE)),
    );
    return limit.signal;
  };
  // Nothing of the machine's own variables matters here, and each of them is slow to read.
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(timers, {
    setTimeout: async <T>(ms = 0, value?: T, options: { readonly signal?: AbortSignal } = {}) => {
      await here().time.sleep(ms, ANYONE, options.signal);
      return value;
    },
    setImmediate: () => here().time.breathe(),
  });
  Object.assign(crypto, { randomUUID: () => drawId(here().draws) });
  // The git of the world keeps no folder.
  Object.assign(fsPromises, { mkdir: async () => undefined, rm: async () => undefined });
  takeDisk();
  Object.assign(fs, { openAsBlob: async (path: string) => new TextFile(FILES.get(path) ?? '') });
  syncBuiltinESMExports();
}

/** An id of the form of a UUID. */
function drawId({ uniform }: Present['draws']): string {
  const hex = Array.from({ length: 4 }, () =>
    Math.floor(uniform() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5');
}
