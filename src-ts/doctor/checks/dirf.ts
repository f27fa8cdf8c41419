// SPDX-License-Identifier: MIT
/**
 * Whether OP-TEE's directory of objects, dirf.db, is safe from a supplicant that can open no file any more: OP-TEE then
 * takes it for absent and has it made again, empty (docs/security.md).
 */
import { because } from '../causes.js';
import { ok, unknown, type CheckFunction, type Subject } from '../check.js';
import { look } from '../host.js';
import type { Supplicant } from '../supplicant.js';
import { mountOf } from '../mounts.js';
import type { Check } from '../diagnosis.js';

/** What the drop-in gives, and the least that is enough: OP-TEE opens two files for each request under way. */
const FILES_GIVEN = 65_536;
const FILES_ENOUGH = 4096;

export const dirf: CheckFunction = (subject) => {
  const { supplicant } = subject;
  const folder = supplicant?.storage;
  if (supplicant === undefined || folder === undefined)
    return unknown('dirf', "tee-supplicant's directory cannot be told");
  if (supplicant.mounts === undefined) return unknown('dirf', 'only root may see the mounts of tee-supplicant');
  const file = `${folder.replace(/\/+$/, '')}/dirf.db`;
  const isMounted = mountOf(supplicant.mounts, file)?.point === file;
  if (!isMounted && isInRpmbAlone(subject, file))
    return ok('dirf', `there is no ${file}: OP-TEE keeps its objects in RPMB alone, where this cannot happen`);
  const { files } = supplicant;
  const limit = files === undefined ? 'an unknown number of' : String(files);
  if (!isMounted)
    return withDropIn(because('dirf-unprotected', { file, limit, how: howTo(supplicant) }), supplicant, file);
  if (files !== undefined && files < FILES_ENOUGH)
    return withDropIn(because('few-files', { limit, how: howTo(supplicant) }), supplicant, file);
  return ok('dirf', `${file} is a mount of its own; tee-supplicant may open ${limit} files`);
};

/** A user who may see the directory sees no dirf.db there, and yet something is stored. */
function isInRpmbAlone({ host, evidence: { info } }: Subject, file: string): boolean {
  if (info === undefined || info.rollbackProtected === false || info.used.objects === 0) return false;
  return (
    look(() => host.stat(file)).why === 'missing' &&
    look(() => host.names(file.slice(0, -'/dirf.db'.length))).seen !== undefined
  );
}

/** Where the drop-in goes; undefined if systemd has not started the supplicant, or the path needs systemd's quoting. */
function dropIn({ unit }: Supplicant, file: string): Check['file'] {
  if (unit === undefined || !/^[\w./+@-]+$/.test(file)) return undefined;
  const folder = file.slice(0, file.lastIndexOf('/'));
  const lines = [
    '[Unit]',
    `RequiresMountsFor=${folder}`,
    '',
    '[Service]',
    'Restart=always',
    'RestartSec=1',
    `BindPaths=-${file}`,
    `LimitNOFILE=${String(FILES_GIVEN)}`,
  ];
  return { path: `/etc/systemd/system/${unit}.d/secure-storage.conf`, content: `${lines.join('\n')}\n` };
}

function withDropIn(check: Check, supplicant: Supplicant, file: string): Check {
  const made = dropIn(supplicant, file);
  return made === undefined ? check : { ...check, file: made };
}

function howTo({ unit }: Supplicant): string {
  if (unit !== undefined)
    return `Store the drop-in for ${unit} (see below, or examples/systemd), then: sudo systemctl daemon-reload && sudo systemctl restart ${unit}.`;
  return `Before it starts, mount dirf.db onto itself (mount --bind), and allow it ${String(FILES_GIVEN)} files (ulimit -n): see docs/security.md.`;
}
