// SPDX-License-Identifier: MIT
import type { Io } from './io.js';
import { TypedLines } from './typed-lines.js';

/** What asking needs of the streams. */
type Terminal = Pick<Io, 'stdin' | 'note' | 'markPastes'>;

/** Asks for one line, as {@link promptHiddenLines} does. */
export async function promptHidden(io: Terminal, question: string): Promise<Buffer> {
  const [line = Buffer.alloc(0)] = await promptHiddenLines(io, [question]);
  return line;
}

/**
 * Asks for lines on the terminal without showing them. Their bytes are never a string. Nothing is shown between two
 * questions either, nor of what is typed too early: that answers the next question.
 * @param severalLines the remedy if more lines are entered than there are questions
 * @returns the lines without their ends, for the caller to wipe
 * @throws SecureStorageError ERR_INPUT if the user gives up (Ctrl-C), the terminal goes away, there are more lines than
 * questions, or a line has control characters: an arrow key that nobody sees would become part of a password
 */
export async function promptHiddenLines(
  { stdin, note, markPastes }: Terminal,
  questions: readonly string[],
  severalLines?: string,
): Promise<Buffer[]> {
  const answers: Buffer[] = [];
  stdin.setRawMode?.(true);
  markPastes?.(true);
  const typed = new TypedLines(stdin, severalLines);
  const ask = async () => {
    for (const question of questions) {
      note(question);
      answers.push(
        await typed.next().finally(() => {
          note('\n');
        }),
      );
    }
  };
  try {
    await ask().finally(() => typed.quiet());
    typed.checkOver();
    return answers;
  } catch (error) {
    for (const line of answers) line.fill(0);
    throw error;
  } finally {
    typed.close();
    markPastes?.(false);
    stdin.setRawMode?.(false);
  }
}
