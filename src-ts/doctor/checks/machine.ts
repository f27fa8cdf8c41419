// SPDX-License-Identifier: MIT
/** The machine and what of this package runs on it. */
import { oldestNode } from '../../util/package-json.js';
import { because } from '../causes.js';
import { progress } from '../evidence.js';
import { glance, type Host } from '../host.js';
import { ok, told, type CheckFunction } from '../check.js';

export const platform: CheckFunction = ({ host }) => {
  const name = `${host.platform}-${host.arch}`;
  return host.platform === 'linux' ? ok('platform', name) : because('not-linux', { platform: name });
};

export const node: CheckFunction = ({ host: { nodeVersion } }) => {
  const minimum = oldestNode();
  if (parseInt(nodeVersion, 10) < minimum) return because('old-node', { version: nodeVersion, minimum });
  return ok('node', nodeVersion);
};

export const container: CheckFunction = ({ host }) => {
  const kind = containerKind(host);
  return kind === undefined ? ok('container', 'none seen') : because('in-container', { kind });
};

/** By the marks that container managers leave; undefined if there is none. */
export function containerKind(host: Host): string | undefined {
  if (glance(() => host.stat('/.dockerenv')) !== undefined) return 'docker';
  if (glance(() => host.stat('/run/.containerenv')) !== undefined) return 'podman';
  const systemd = glance(() => host.read('/run/systemd/container'))?.trim();
  if (systemd) return systemd;
  const cgroup = glance(() => host.read('/proc/1/cgroup')) ?? '';
  return /(docker|kubepods|containerd|lxc)/.exec(cgroup)?.[1];
}

export const addon: CheckFunction = ({ host, evidence }) => {
  const { error } = evidence;
  if (error !== undefined && progress(evidence, 'addon') === 'broken') {
    return because('no-addon', told(error));
  }
  return ok('addon', loaded(host, /optee[-_]secure[-_]storage[^/]*\.node$/) ?? 'loaded');
};

/** The file of a library that is loaded into this process; undefined if there is none. */
export function loaded(host: Host, name: RegExp): string | undefined {
  const maps = glance(() => host.read('/proc/self/maps')) ?? '';
  const files = maps.split('\n').map((line) => line.slice(line.indexOf('/')));
  return files.find((file) => file.startsWith('/') && name.test(file));
}

/** The first kernel that attests users to the TEE. */
const ATTESTING = [5, 8] as const;

export const kernel: CheckFunction = ({ host: { release }, evidence }) => {
  const [major = 0, minor = 0] = release.split('.').map((part) => parseInt(part, 10));
  const old = major < ATTESTING[0] || (major === ATTESTING[0] && minor < ATTESTING[1]);
  const reached = progress(evidence, 'kernel');
  if (reached === 'broken' || (old && reached === 'not reached')) return because('old-kernel', { release });
  return ok('kernel', `Linux ${release}${old ? ', which attests users although it is older than 5.8' : ''}`);
};
