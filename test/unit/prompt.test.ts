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

/** Each in a write of its own. */
const bytes = (text: string): string[] => Array.from(text);

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
    ['may be pasted with marks', ['\u001b[200~abc\u001b[201~\r'], 'abc'],
    ['may be pasted in parts with marks', ['a', ...bytes('\u001b[200~b\u001b[201~'), 'c\r'], 'abc'],
    ['may end in the paste', ['\u001b[200~abc\r\n\u001b[201~'], 'abc'],
    ['may be pasted with tabs', ['\u001b[200~a\tb\u001b[201~\n'], 'a\tb'],
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
    ['a lone Escape', (terminal: Terminal) => terminal.write(Buffer.from('abc\u001b\r'))],
    ['the end of a paste that did not begin', (terminal: Terminal) => terminal.write(Buffer.from('a\u001b[201~\r'))],
    [
      'a paste that would edit',
      (terminal: Terminal) => terminal.write(Buffer.from('\u001b[200~a\u007fb\u001b[201~\r')),
    ],
    [
      'a paste that would end early',
      (terminal: Terminal) => terminal.write(Buffer.from('\u001b[200~a\u0004b\u001b[201~')),
    ],
    ['a terminal that goes away', (terminal: Terminal) => terminal.end()],
    ['a terminal that goes away with a line begun', (terminal: Terminal) => terminal.end('abc')],
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

  const pem = '-----BEGIN KEY-----\rc3M0\r-----END KEY-----\r';
  const marked = `\u001b[200~${pem}\u001b[201~`;

  test.each([
    ['twice, as it is', pem + pem],
    ['once, as it is', pem],
    ['with marks', marked],
    ['lines that agree, in marks', '\u001b[200~a\ra\r\u001b[201~'],
    ['lines that agree and one more', 'a\ra\rb\r'],
  ])('a paste of several lines is refused and reaches no shell: %s', (_name, pasted) => {
    const output = put([['(not shown): ', pasted]], 'IFS= read -r -t 1 left; echo "left: <$left>"');
    expect(output).toMatch(/ERR_INPUT[^]*code 1/);
    expect(output).toContain('on standard input or with --file');
    expect(output).toContain('left: <>');
    expect(output).not.toMatch(/KEY-----|c3M0/);
    expect(opteeProcess(['get', 'pasted'], softEnvironment(storage)).code).toBe(3);
  });

  test.each([
    ['both entries in one write', ['one\rone\r']],
    ['with CRLF', ['one\r\none\r\n']],
    ['byte by byte', bytes('one\rone\r')],
    ['pasted with marks', ['\u001b[200~one\u001b[201~\r', '\u001b[200~one\u001b[201~\r']],
  ])('what is typed ahead answers the next question: %s', (_name, writes) => {
    const [first = '', ...others] = writes;
    expect(put([['(not shown): ', first], ...others.map((text): Step => ['', text])])).toContain('code 0');
    expect(opteeProcess(['get', 'typed'], softEnvironment(storage)).stdout.toString()).toBe('one');
  });

  test('pastes are marked while it asks, and no longer', () => {
    const output = put([
      ['(not shown): ', 'one\r'],
      ['Again: ', 'one\r'],
    ]);
    expect(output.match(/.\[\?2004[hl]|not shown|code 0/g)).toEqual([
      '\u001b[?2004h',
      'not shown',
      '\u001b[?2004l',
      'code 0',
    ]);
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

  const written = async (...writes: string[]) => {
    const terminal = new Terminal();
    const ran = optee(['put', 'pasted'], terminal);
    for (const text of writes) terminal.write(text);
    const { code, stderr } = await ran;
    const { stdout } = await optee(['get', 'pasted']);
    await optee(['delete', 'pasted']);
    return { code, stderr, value: stdout.toString() };
  };

  test.each([
    ['both entries in one write', ['one\rone\r']],
    ['both in one write with LF', ['one\none\n']],
    ['both in one write with CRLF', ['one\r\none\r\n']],
    ['CRLF in two writes', ['one\r', '\none\r', '\n']],
    ['slow bytes', bytes('one\rone\r')],
    ['slow bytes with CRLF', bytes('one\r\none\r\n')],
    ['the second begun in the write of the first', ['one\ron', 'e\r']],
    ['an entry that is begun again', ['x\u0015one\ronx\u007fe\r']],
    ['pastes of one line with its end', ['\u001b[200~one\n\u001b[201~', '\u001b[200~one\r\u001b[201~']],
  ])('typed ahead: %s', async (_name, writes) => {
    expect(await written(...writes)).toMatchObject({ code: 0, value: 'one' });
  });

  test.each([
    ['three lines', ['a\rb\rc\r']],
    ['three lines that agree', ['a\ra\ra\r']],
    ['two that agree and a part', ['a\na\nb']],
    ['CRLF', ['a\r\na\r\nb\r\n']],
    ['in writes of one byte', bytes('a\ra\rb')],
    ['an empty line at the end', ['a\ra\r\r']],
    ['two lines that differ', ['a\rb\r']],
    ['a paste with marks', ['\u001b[200~a\ra\ra\u001b[201~\r']],
    ['a paste with marks of lines that agree', ['\u001b[200~a\ra\r\u001b[201~']],
    ['a paste with marks and CRLF', ['\u001b[200~a\r\na\r\n\u001b[201~\r']],
    ['a paste with marks and an empty line at the end', ['\u001b[200~a\n\n\u001b[201~', 'a\r']],
    ['a paste with marks after the answers', ['a\ra\r\u001b[200~b\u001b[201~']],
    ['a mark alone after the answers', ['a\ra\r\u001b[200']],
  ])('a paste of several lines is refused, and nothing stored: %s', async (_name, writes) => {
    const { code, stderr, value } = await written(...writes);
    expect([code, stderr, value]).toEqual([1, expect.stringContaining('ERR_INPUT'), '']);
    expect(stderr).toContain('on standard input or with --file');
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
