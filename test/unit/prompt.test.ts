// SPDX-License-Identifier: MIT
/** The hidden prompt, on a terminal that is played by a stream. */
import { promptHidden } from '../../src-ts/cli/terminal/prompt.js';
import { buildCommandLine, main, optee, opteeProcess, softEnvironment } from './support/cli.js';
import { errorOf } from './support/errors.js';
import { Terminal } from './support/played-terminal.js';
import { freshFolder } from './support/folders.js';
import { buildSoftTee, loadSoftTee } from './support/soft-tee.js';
import { onTerminal, type Step } from './support/terminal.js';

async function typed(...keys: (string | number[])[]): Promise<string> {
  const terminal = new Terminal();
  const answer = promptHidden({ stdin: terminal, note: () => {} }, '? ');
  for (const key of keys) terminal.write(Buffer.from(key as string));
  return (await answer).toString();
}

describe('a line', () => {
  test.each([
    ['ends with return', ['abc\r'], 'abc'],
    ['ends with line feed', ['abc\n'], 'abc'],
    ['ends with Ctrl-D', ['abc', [4]], 'abc'],
    ['may come in parts', ['a', 'b', 'c\r'], 'abc'],
    ['is corrected with backspace', ['abx', [0x7f], 'c\r'], 'abc'],
    ['is corrected by characters, not bytes', ['ab€', [8], 'c\r'], 'abc'],
    ['is corrected beyond its beginning', ['a', [8, 8, 8], 'b\r'], 'b'],
    ['is begun again with Ctrl-U', ['wrong', [0x15], 'right\r'], 'right'],
    ['may be long', ['x'.repeat(5000), '\r'], 'x'.repeat(5000)],
    ['may have any characters', ['pä ß🔑\r'], 'pä ß🔑'],
  ])('%s', async (_name, keys, line) => {
    expect(await typed(...(keys as string[]))).toBe(line);
  });

  test('is read without echo, and the terminal is left as it was', async () => {
    const terminal = new Terminal();
    const notes: string[] = [];
    const answer = promptHidden({ stdin: terminal, note: (text) => notes.push(text) }, 'Value: ');
    const chunk = Buffer.from('s3cret\r');
    terminal.write(chunk);
    expect((await answer).toString()).toBe('s3cret');
    expect(notes).toEqual(['Value: ', '\n']);
    expect(terminal.modes).toEqual([true, false]);
    expect(chunk.every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    ['an arrow key', (terminal: Terminal) => terminal.write(Buffer.from('abc\u001b[D\r'))],
    ['Ctrl-C', (terminal: Terminal) => terminal.write(Buffer.from('abc\u0003'))],
    ['a terminal that goes away', (terminal: Terminal) => terminal.end()],
  ])('is given up with %s', async (_name, act) => {
    const terminal = new Terminal();
    const answer = promptHidden({ stdin: terminal, note: () => {} }, '? ');
    act(terminal);
    expect(await errorOf(answer)).toMatchObject({ code: 'ERR_INPUT' });
    expect(terminal.modes).toEqual([true, false]);
  });
});

describe('put on a real terminal', () => {
  const storage = freshFolder();

  beforeAll(() => {
    buildSoftTee();
    buildCommandLine();
  }, 120_000);

  const put = (steps: readonly Step[], after = 'stty -a') => {
    const line = `'${process.execPath}' '${main}' put typed; echo "code $?"; ${after}`;
    return onTerminal(['bash', '-c', line], softEnvironment(storage), steps).output;
  };

  test('nothing of the value is shown, and the terminal is left as it was', () => {
    const output = put([
      ['(not shown): ', 's3cret\r'],
      ['Again: ', 's3cret\r'],
    ]);
    expect(output).toContain('code 0');
    expect(output).not.toContain('s3cret');
    expect(output).toMatch(/ icanon .*[^]* echo /);
    expect(output).not.toMatch(/-echo |-icanon/);
    expect(opteeProcess(['get', 'typed'], softEnvironment(storage)).stdout.toString()).toBe('s3cret');
  });

  test('Ctrl-C gives up and leaves the terminal as it was', () => {
    const output = put([['(not shown): ', 's3c\u0003']]);
    expect(output).toContain('code 1');
    expect(output).toContain('no value was entered');
    expect(output).not.toContain('s3c');
    expect(output).not.toMatch(/-echo |-icanon/);
  });
});

describe('put on a terminal', () => {
  beforeAll(loadSoftTee, 120_000);

  const putTyped = async (...lines: string[]) => {
    const terminal = new Terminal();
    const ran = optee(['put', 'typed'], terminal);
    for (const line of lines) {
      await new Promise(setImmediate);
      terminal.write(line);
    }
    return ran;
  };

  test('asks twice and stores what was typed, without a newline', async () => {
    expect(await putTyped('s3cret\r', 's3cret\r')).toMatchObject({
      code: 0,
      stderr: 'Value for "typed" (not shown): \nAgain: \n',
    });
    expect((await optee(['get', 'typed'])).stdout.toString()).toBe('s3cret');
  });

  test.each([
    ['two entries that differ', 'one\r', 'two\r'],
    ['nothing', '\r', '\r'],
  ])('refuses %s', async (_name, first, second) => {
    const { code, stderr } = await putTyped(first, second);
    expect(code).toBe(1);
    expect(stderr).toContain('ERR_INPUT');
  });
});
