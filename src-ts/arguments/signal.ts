// SPDX-License-Identifier: MIT
/**
 * Signals that callers give. One of this realm is used as it is. One of another realm, or of jsdom, cannot be told from an
 * object that was made to look like one, and such an object may do anything at any time: so it is asked here only, and a
 * signal of this realm follows it.
 */
import { types } from 'node:util';

import { invalidArgument, type Check } from './checks.js';

const OWN = ['aborted', 'reason', 'throwIfAborted', 'addEventListener', 'removeEventListener'] as const;

const followers = new WeakMap<object, AbortSignal>();

export const abortSignal: Check<AbortSignal> = (value, name) => {
  try {
    if (isOfThisRealm(value)) return value;
    if (looksLikeOne(value)) return followers.get(value) ?? follow(value);
  } catch {
    // What was made to look like one throws where it is asked.
  }
  throw invalidArgument(name, 'an AbortSignal', value);
};

/** Its prototype and its brand, and no member in the place of theirs. */
function isOfThisRealm(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  if (Object.getPrototypeOf(value) !== AbortSignal.prototype || OWN.some((member) => Object.hasOwn(value, member)))
    return false;
  return typeof Reflect.get(AbortSignal.prototype, 'aborted', value) === 'boolean';
}

function looksLikeOne(value: unknown): value is AbortSignal {
  if (Object.prototype.toString.call(value) !== '[object AbortSignal]') return false;
  const { aborted, throwIfAborted, addEventListener, removeEventListener } = value as Record<string, unknown>;
  const methods = [throwIfAborted, addEventListener, removeEventListener];
  return typeof aborted === 'boolean' && methods.every((method) => typeof method === 'function');
}

/** @throws what the object throws */
function follow(leader: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    controller.abort(reasonOf(leader));
  };
  if (leader.aborted) abort();
  else leader.addEventListener('abort', abort, { once: true });
  followers.set(leader, controller.signal);
  return controller.signal;
}

/** Undefined stands for an AbortError. */
function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch {
    return undefined;
  }
}
