// SPDX-License-Identifier: MIT
import type { Io } from './io.js';

/** More than anybody types to say yes or no. */
const ANSWER_MAX = 64;

/**
 * Asks a question on the terminal; the answer is shown as it is typed.
 * @returns whether it was answered with yes; false without a terminal
 */
export async function confirmed({ stdin, note }: Pick<Io, 'stdin' | 'note'>, question: string): Promise<boolean> {
  if (stdin.isTTY !== true) return false;
  note(`${question} Type yes: `);
  const answer = await readLine(stdin).finally(() => stdin.pause());
  return answer.trim() === 'yes';
}

/** What is typed up to Return, or to the end of the input. */
function readLine(stdin: Io['stdin']): Promise<string> {
  return new Promise((resolve) => {
    let line = '';
    const finish = () => {
      stdin.removeListener('data', onData);
      stdin.removeListener('end', finish);
      resolve(line);
    };
    const onData = (chunk: Buffer | string) => {
      line += chunk.toString();
      if (line.includes('\n') || line.length > ANSWER_MAX) finish();
    };
    stdin.on('data', onData);
    stdin.on('end', finish);
    stdin.resume();
  });
}
