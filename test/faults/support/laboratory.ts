// SPDX-License-Identifier: MIT
/** The OP-TEE machine, made ready for one fault after the other within seconds. */
import type { Fault, FaultReport, Machine, UserProcess } from '../../../machine/machine.mjs';
import { DATA, FILES, protectDirectory } from '../../e2e/support/disk';
import { Uid } from '../../e2e/support/machine';
import { unlessCrashed } from './crashes';
import { equal, installTools, type Digests, type Finding, type GuestTools, type Outcome } from './guest';
import { changed, type Change, type Contents, type Operation } from './operations';
import { judge, type Kind } from './sweep';

/** Within which every call must end, on a host that is busy with other work too. */
export const DEADLINE_MS = 60_000;
/** The same where waiting mostly leads to nothing, for a change that takes so long without a fault; see Laboratory.#relieve. */
const hopelessMs = (ms: number): number => Math.ceil(4 * ms) + 500;

/** Bytes of a value that takes longer to store than setting the machine back. */
const LARGE = 100_000;

/** Where copies of objects from before a change are kept. */
const OLDER = `${DATA}/older`;

/** Changes that leave a store as it is. */
const PROOF: readonly Change[] = [{ 'k/proof': { size: 20, generation: 1 } }, { 'k/proof': null }];

/** What bob has while alice's store is struck. */
const OF_BOB: Contents = { 'k/0': { size: 32, generation: 7 }, 'k/bob': { size: 5000, generation: 7 } };

/** A user with a store of its own. */
class Tenant {
  readonly #process: UserProcess;

  constructor(process: UserProcess) {
    this.#process = process;
  }

  /** Ends the process at once. */
  end(): Promise<void> {
    return this.#process.kill();
  }

  install(domain: string): Promise<void> {
    return this.#process.run(installTools, domain, DEADLINE_MS);
  }

  /** Makes one of the tools' calls over there. */
  #call<K extends keyof GuestTools>(name: K, ...args: Parameters<GuestTools[K]>) {
    const call = ({ state }: { state: Record<string, unknown> }, tool: string, given: unknown[]) =>
      (state.tools as Record<string, (...rest: unknown[]) => unknown>)[tool]?.(...given);
    return this.#process.run(call, name, args) as Promise<Awaited<ReturnType<GuestTools[K]>>>;
  }

  open = (): Promise<void> => this.#call('open');
  fill = (contents: Contents): Promise<void> => this.#call('fill', contents);
  change = (change: Change, timeoutMs: number): Promise<Outcome> => this.#call('change', change, timeoutMs);
  find = (): Promise<Finding> => this.#call('find');

  /** Reads the whole store, and proves by changes that it works; undefined: by ones that leave it as it is. */
  async findAndChange(changes: (found: Finding) => readonly Change[] | undefined = () => undefined): Promise<Finding> {
    const found = await this.find();
    if (found.broken !== '') return found;
    const { broken, retries } = await this.#call('prove', changes(found) ?? PROOF);
    return { ...found, broken, retries: found.retries + retries };
  }

  digestsOf = (contents: Contents): Promise<Digests> => this.#call('digestsOf', contents);
  objects = (): Promise<number> => this.#call('objects');
}

/** An operation on the machine that waits for it, and what it does to the stores. */
export interface Prepared {
  readonly operation: Operation;
  readonly old: Digests;
  readonly new: Digests;
  readonly ofBob: Digests;
  /** The file operations of the supplicant when nothing goes wrong, by letters. */
  readonly trace: string;
  /** How long the change takes then. */
  readonly ms: number;
  /** Files that OP-TEE makes for itself, before any object is stored. */
  readonly ofOptee: readonly string[];
}

/** What was found after a fault. */
export interface Observed {
  /** Undefined where the machine stopped, or OP-TEE crashed, before it could be told. */
  readonly outcome: Outcome | undefined;
  /** Within which the change had to end. */
  readonly deadlineMs: number;
  readonly report: FaultReport | undefined;
  /** By the process that made the change, or its successor; undefined where the machine stopped or OP-TEE crashed. */
  readonly warm: Finding | undefined;
  /** Whether that process had to be ended for the storage to work again. */
  readonly ended: boolean;
  /** Whether OP-TEE itself crashed, as test/faults/crash.test.ts shows that it can. */
  readonly crashed: boolean;
  /** After power was cut and the machine booted; undefined where that was left out. */
  readonly cold: Finding | undefined;
  readonly ofBob: Finding;
}

/** What is known before the machine is booted. */
type Struck = Omit<Observed, 'warm' | 'cold' | 'ofBob'> & {
  readonly warm: { readonly alice: Finding; readonly bob: Finding } | undefined;
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Faults after which the machine stands still. */
const stopping: ReadonlySet<Fault['kind']> = new Set(['stop', 'torn']);

/** What a call tells that has no answer yet, and gets none: the deadline's error, or that nobody is there to answer. */
const waitsInVain: ReadonlySet<string> = new Set(['ERR_TIMEOUT', 'ERR_NO_SUPPLICANT']);

/**
 * Whether the machine is booted after the fault: where it stopped, and else after each eighth, for what is on the disk while
 * the machine runs is what a stop at the next file operation leaves there.
 */
const isBootedAfter = ({ kind, at }: Fault): boolean => stopping.has(kind) || at % 8 === 0;

/** Whether a change can be taken back so that the storage is as it was, and sooner than the machine is set back. */
function canBeUndone({ before, change, objects }: Operation): boolean {
  const isFirst = Object.keys(before).length === 0;
  const sizes = Object.values({ ...before, ...change }).map((value) => value?.size ?? 0);
  return !isFirst && objects === undefined && Math.max(...sizes) <= LARGE;
}

/** Takes a change back. */
const inverseOf = ({ before, change }: Operation): Change =>
  Object.fromEntries(Object.keys(change).map((key) => [key, before[key] ?? null]));

/** A store that could not even be opened. */
const toFinding = (error: unknown): Finding => ({
  digests: {},
  retries: 0,
  broken: `opening: ${(error as { code?: string }).code ?? ''} ${String(error)}`,
});

/**
 * One machine with alice and bob. Its state 'off' is what a boot comes to, with processes started and the storage not
 * mounted; 'ready' is where the operation that was prepared last begins.
 */
export class Laboratory {
  readonly machine: Machine;
  readonly #alice: Tenant;
  /** Another process of alice's, for when hers had to be ended. */
  readonly #successor: Tenant;
  readonly #bob: Tenant;
  /** Set where the operation that was prepared can begin where the machine is now, with another fault of this kind. */
  #asPreparedFor: Kind | undefined;

  private constructor(machine: Machine, [alice, successor, bob]: readonly [Tenant, Tenant, Tenant]) {
    this.machine = machine;
    this.#alice = alice;
    this.#successor = successor;
    this.#bob = bob;
  }

  static async open(): Promise<Laboratory> {
    const { Machine } = await import('../../../machine/machine.mjs');
    const machine = await Machine.start({ states: true });
    try {
      const tenantOf = async (uid: number) => new Tenant(await machine.user({ uid }));
      const tenants = [await tenantOf(Uid.alice), await tenantOf(Uid.alice), await tenantOf(Uid.bob)] as const;
      const laboratory = new Laboratory(machine, tenants);
      await laboratory.#switchOff();
      return laboratory;
    } catch (error) {
      await machine.stop();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.machine.stop();
  }

  async #shell(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.machine.exec(['busybox', 'sh', '-ec', script]);
    if (code !== 0) throw new Error(`${script}: ${stderr.toString()}`);
    return stdout.toString();
  }

  async #files(folder: string): Promise<string[]> {
    return (await this.#shell(`ls ${folder}`)).trim().split('\n');
  }

  async #switchOff(): Promise<void> {
    for (const tenant of [this.#alice, this.#successor, this.#bob]) await tenant.install('faults');
    await this.machine.supplicant('stop');
    await this.#shell('/usr/lib/optee-machine/storage unmount');
    await this.machine.saveState('off');
  }

  /**
   * What start-up does once the kernel runs.
   * @param spoil what happens to the files before, for the shell
   */
  async #switchOn(spoil = ':'): Promise<void> {
    const tools = '/usr/lib/optee-machine';
    await this.#shell(`${tools}/storage mount disk; ${spoil}; ${tools}/supplicant start`);
  }

  /** Fills the stores anew, and carries the operation out once without a fault. */
  async prepare(operation: Operation): Promise<Prepared> {
    const used = Object.keys(operation.before).length > 0;
    this.#asPreparedFor = undefined;
    await this.machine.loadState('off');
    await this.#switchOn();
    await this.#alice.open();
    await this.#bob.open();
    const ofOptee = await this.#files(FILES);
    if (used) await this.#bob.fill(OF_BOB);
    await this.#alice.fill(operation.before);
    // Once made and taken back, a change leaves the storage as it finds it from then on.
    if (canBeUndone(operation)) {
      for (const change of [operation.change, inverseOf(operation)]) await this.#alice.change(change, DEADLINE_MS);
    }
    await this.machine.saveState('ready');
    const expected = {
      operation,
      old: await this.#alice.digestsOf(operation.before),
      new: await this.#alice.digestsOf(changed(operation)),
      ofBob: used ? await this.#alice.digestsOf(OF_BOB) : {},
      ofOptee,
    };
    return { ...expected, ...(await this.#rehearse(operation)) };
  }

  async #rehearse({ name, change, objects }: Operation): Promise<Pick<Prepared, 'trace' | 'ms'>> {
    const before = objects === undefined ? 0 : await this.#alice.objects();
    await this.machine.armFault();
    const { code, ms } = await this.#alice.change(change, DEADLINE_MS);
    const { trace } = await this.machine.faultReport();
    if (code !== 'done') throw new Error(`${name}: ${code} without a fault`);
    const grown = objects === undefined ? undefined : (await this.#alice.objects()) - before;
    if (grown !== objects) throw new Error(`${name}: ${String(grown)} more objects instead of ${String(objects)}`);
    return { trace, ms };
  }

  /**
   * Carries out the operation that was prepared, with a fault in its way, and looks at what has become of it. Where the fault
   * before it left things as they were, it goes on from there: setting the machine back costs the emulator all of the code
   * that it has translated, which adds half of what a change takes.
   */
  async strike(prepared: Prepared, kind: Kind, at: number): Promise<Observed> {
    const fault = { ...kind.fault, at };
    const goesOn = this.#asPreparedFor === kind && !stopping.has(fault.kind);
    this.#asPreparedFor = undefined;
    if (!goesOn) {
      await this.machine.loadState('ready');
      if (kind.isBound) await protectDirectory(this.machine);
    }
    await this.machine.armFault(fault);
    const struck = stopping.has(fault.kind) ? await this.#untilOff(prepared) : await this.#withFault(prepared, fault);
    const observed = await this.#observe(struck, isBootedAfter(fault));
    const isWrong = judge(prepared, { ...observed, report: undefined }).wrong.length > 0;
    // What was left behind may be tidied up first: then it was another file operation that the fault struck.
    const before = ({ trace }: { readonly trace: string }) => trace.slice(0, at);
    // What went wrong counts wherever it was struck.
    if (!isWrong && goesOn && struck.report && before(struck.report) !== before(prepared)) {
      return this.strike(prepared, kind, at);
    }
    const { warm, cold } = observed;
    const isAsPrepared = warm && !cold && !struck.ended && !isWrong;
    if (isAsPrepared && (equal(warm.digests, prepared.old) || canBeUndone(prepared.operation))) {
      this.#asPreparedFor = kind;
    }
    return observed;
  }

  /** Looks at the stores once more after a boot, where that is wanted or the machine needs it. */
  async #observe(struck: Struck, boots: boolean): Promise<Observed> {
    const { warm } = struck;
    if (warm && !boots) return { ...struck, warm: warm.alice, cold: undefined, ofBob: warm.bob };
    await this.machine.loadState('off', { keepDisk: true });
    await this.#switchOn();
    await this.#alice.open();
    // Where the process could go on after the fault, it has changed the store already.
    const cold = await (warm === undefined ? this.#alice.findAndChange() : this.#alice.find());
    await this.#bob.open();
    return { ...struck, warm: warm?.alice, cold, ofBob: await this.#bob.find() };
  }

  async #untilOff({ operation }: Prepared): Promise<Struck> {
    const change = this.#alice.change(operation.change, DEADLINE_MS).catch(() => undefined);
    await this.machine.untilOff(DEADLINE_MS);
    const outcome = await change;
    return { outcome, deadlineMs: DEADLINE_MS, report: undefined, ended: false, crashed: false, warm: undefined };
  }

  async #withFault(prepared: Prepared, fault: Fault): Promise<Struck> {
    const { operation, ms } = prepared;
    const deadlineMs = fault.kind === 'kill' ? hopelessMs(ms) : DEADLINE_MS;
    const told: Pick<Writable<Struck>, 'outcome' | 'report' | 'ended'> = {
      outcome: undefined,
      report: undefined,
      ended: false,
    };
    const warm = await unlessCrashed(this.machine, async () => {
      told.outcome = await this.#alice.change(operation.change, deadlineMs);
      told.report = await this.machine.faultReport();
      await this.machine.armFault();
      told.ended = fault.kind === 'kill' && waitsInVain.has(told.outcome.code);
      const tenant = told.ended ? await this.#relieve() : this.#alice;
      // What was changed is taken back, and proves in one that the store works, unless it is looked at once more.
      const isTakenBack = canBeUndone(operation) && !isBootedAfter(fault);
      const changes = ({ digests }: Finding) =>
        isTakenBack && equal(digests, prepared.new) ? [inverseOf(operation)] : undefined;
      return { alice: await tenant.findAndChange(changes), bob: await this.#bob.find() };
    });
    return { ...told, deadlineMs, warm, crashed: warm === undefined };
  }

  /**
   * A supplicant that was killed amid a request can't be replaced while the client waits that the request was for,
   * whoever that is; test/e2e/machine-faults.test.ts shows it. What ends the waiting is the end of the client.
   */
  async #relieve(): Promise<Tenant> {
    await this.#alice.end();
    await this.#successor.open();
    return this.#successor;
  }

  /**
   * Makes the change of the operation that was prepared, and keeps copies of all files from before it.
   * @returns the names of the files, and whether each has such a copy
   */
  async keepOlderFiles({ operation }: Prepared): Promise<Map<string, boolean>> {
    this.#asPreparedFor = undefined;
    await this.machine.loadState('ready');
    await this.#shell(`cp -a ${FILES} ${OLDER}`);
    await this.#rehearse(operation);
    const older = new Set(await this.#files(OLDER));
    const files = await this.#files(FILES);
    await this.#shell('sync');
    await this.machine.saveState('changed');
    return new Map(files.map((file) => [file, older.has(file)]));
  }

  /**
   * Boots after something was done to one of the files of keepOlderFiles(), and looks at both stores.
   * @param spoil does it, in the shell; $file and $older are paths of the file and of its older copy
   */
  async damage(file: string, spoil: string): Promise<{ alice: Finding; bob: Finding }> {
    await this.machine.loadState('changed');
    await this.machine.loadState('off', { keepDisk: true });
    await this.#switchOn(`file=${FILES}/${file}; older=${OLDER}/${file}; ${spoil}`);
    const seenBy = (tenant: Tenant): Promise<Finding> => tenant.open().then(() => tenant.findAndChange(), toFinding);
    return { alice: await seenBy(this.#alice), bob: await seenBy(this.#bob) };
  }
}
