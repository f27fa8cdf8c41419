// SPDX-License-Identifier: MIT
/** The text of /proc/PID/stat (proc_pid_stat(5)), whose second field is a name that may have any characters. */

export interface ProcStat {
  readonly name: string;
  /** A letter: R, S, D, T, Z, … */
  readonly state: string;
  readonly group: string;
  /** The number of the controlling terminal; 0 for none. */
  readonly terminal: string;
  /** The foreground process group of that terminal. */
  readonly foreground: string;
  /** In clock ticks since the boot. */
  readonly startTime: string;
}

/** Fields by their numbers in the manual page, less three: those behind the name begin with number 3. */
const Field = { STATE: 0, GROUP: 2, TERMINAL: 4, FOREGROUND: 5, START_TIME: 19 } as const;

/** @returns undefined if the text is not of that form */
export function parseStat(text: string): ProcStat | undefined {
  const [opening, closing] = [text.indexOf('('), text.lastIndexOf(')')];
  if (opening < 0 || closing < opening) return undefined;
  const fields = text.slice(closing + 2).split(' ');
  const field = (index: number) => fields[index] ?? '';
  if (field(Field.STATE) === '') return undefined;
  return {
    name: text.slice(opening + 1, closing),
    state: field(Field.STATE),
    group: field(Field.GROUP),
    terminal: field(Field.TERMINAL),
    foreground: field(Field.FOREGROUND),
    startTime: field(Field.START_TIME),
  };
}
