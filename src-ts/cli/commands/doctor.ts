// SPDX-License-Identifier: MIT
import type { Check, CheckStatus, Diagnosis } from '../../doctor/diagnosis.js';
import { Exit } from '../../errors/table.js';
import type { Command } from '../command.js';
import { lineWidth, wrapped } from '../terminal/wrap.js';

export const command: Command = {
  usage: '',
  help: [
    'Looks at every link of the chain from this process to its secrets, in order, and says what is wrong and how to mend',
    'it. Run it as the user and in the service or container that has the trouble; root sees a little more. It changes',
    'nothing and shows no key and no value. The last line is "all good", with the number of warnings and notes, or the',
    'checks that failed (exit code 5).',
    '',
    'ok: as it should be. note: good to know. warn: to be changed before secrets depend on it. FAIL: broken.',
    '?: not reached, or not for this user to see.',
  ],
  positionals: [0, 0],
  options: { strict: { type: 'boolean', help: 'exit code 5 for warnings too' } },
  async run({ io, json, options, settings, openWith }) {
    const { diagnose } = require('../../doctor/diagnose.js') as typeof import('../../doctor/diagnose.js');
    const diagnosis = await diagnose(settings, openWith);
    if (json) await io.writeJson(diagnosis);
    // Colours are meant for the terminal; all that they are put around is harmless already.
    else if (io.colours === true) await io.writeBytes(Buffer.from(report(diagnosis, true, io.columns)));
    else await io.write(report(diagnosis, false, io.columns));
    const good = diagnosis.ok && (options.strict !== true || count(diagnosis, 'warning') === 0);
    return good ? Exit.OK : Exit.NOT_AVAILABLE;
  },
};

const marks: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok',
  note: 'note',
  warning: 'warn',
  failed: 'FAIL',
  unknown: '?',
};
/** Of the marks: SGR codes of ECMA-48. */
const colour: Readonly<Record<CheckStatus, number>> = { ok: 32, note: 36, warning: 33, failed: 31, unknown: 90 };
const MARK = 4;
/** Of the longest name. */
const NAME = 'user-namespace'.length;

/**
 * What people read: a line for each check, its fix below it, and the result in the last line.
 * @param columns within which lines are broken; left out: none is, for whatever reads them
 */
export function report(diagnosis: Diagnosis, colours: boolean, columns?: number): string {
  const width = columns === undefined ? Infinity : lineWidth(columns);
  const lines = diagnosis.checks.flatMap((check) => linesOf(check, colours, width));
  const files = diagnosis.checks.flatMap(fileLines);
  return `${[...lines, ...files, summary(diagnosis)].join('\n')}\n`;
}

/** A file that a fix asks for, as it is to be stored. */
function fileLines({ file }: Check): string[] {
  return file === undefined ? [] : ['', `${file.path}:`, '', file.content.trimEnd(), ''];
}

function linesOf({ id, status, found, fix }: Check, colours: boolean, width: number): string[] {
  const mark = marks[status].padEnd(MARK);
  const lines = wrapped(`${mark}  ${id.padEnd(NAME)}  `, found, width);
  if (fix !== undefined) lines.push(...wrapped(`${' '.repeat(MARK + NAME + 4)}fix: `, fix, width));
  const [first = '', ...others] = lines;
  const coloured = `\u001b[${String(colour[status])}m${mark}\u001b[0m${first.slice(mark.length)}`;
  return [colours ? coloured : first, ...others];
}

function summary(diagnosis: Diagnosis): string {
  const failed = diagnosis.checks.filter(({ status }) => status === 'failed').map(({ id }) => id);
  if (failed.length > 0) return `failed: ${failed.join(', ')}`;
  const more = [many(count(diagnosis, 'warning'), 'warning'), many(count(diagnosis, 'note'), 'note')];
  return ['all good', ...more.filter(Boolean)].join(', ');
}

function count({ checks }: Diagnosis, status: CheckStatus): number {
  return checks.filter((check) => check.status === status).length;
}

function many(number: number, what: string): string {
  return number === 0 ? '' : `${String(number)} ${what}${number === 1 ? '' : 's'}`;
}
