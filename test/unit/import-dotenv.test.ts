// SPDX-License-Identifier: MIT
/** The dotenv dialect of `optee-storage import`: what the file says is stored byte for byte, or the line is refused. */
import { parseEnv } from 'node:util';
import fc from 'fast-check';

import { parseDotenv } from '../../src-ts/cli/commands/import/dotenv.js';
import { parseEntries } from '../../src-ts/cli/commands/import/entries.js';

const read = (text: string): [string, string][] =>
  [...parseDotenv(text)].map(({ key, value }) => [key, value.toString()]);

const NOT_A_LINE = 'is not of the form KEY=VALUE';
const RETURN = 'has a carriage return that ends no line';
const HASH = 'has a # in a value without quotes';
const AFTER_QUOTE = 'goes on after the closing quote';
const NOT_CLOSED = 'has a quote that is not closed';
const BACKSLASH = 'has a backslash in double quotes';

/** Of each kind that readers of dotenv files in other languages have tests for. */
const taken: readonly (readonly [kind: string, text: string, entries: Readonly<Record<string, string>>])[] = [
  ['a value', 'K=v', { K: 'v' }],
  ['several lines, the last without an end', 'A=1\nB=2', { A: '1', B: '2' }],
  ['Windows line ends', 'A=1\r\nB="2"\r\n\r\n# c\r\nC=3 # c\r\n', { A: '1', B: '2', C: '3' }],
  ['empty lines and lines of blanks', '\n \n\t\nK=v\n\n', { K: 'v' }],
  ['a comment', '# K=w\n  # "\n#\nK=v', { K: 'v' }],
  ['a comment after a value', 'K=v # c = "d"', { K: 'v' }],
  ['a comment after a tab', 'K=v\t# c', { K: 'v' }],
  ['an apostrophe in a comment', "K=v # don't", { K: 'v' }],
  ['a # in a comment', 'K=v # a#b', { K: 'v' }],
  ['a comment after quotes', 'K="v" # c', { K: 'v' }],
  ['blanks around it', '  K = v w  ', { K: 'v w' }],
  ['tabs around it', '\tK\t=\tv\tw\t', { K: 'v\tw' }],
  ['a tab before a quote', 'K=\t"p#ss word"', { K: 'p#ss word' }],
  ['a tab before lines in quotes', 'K=\t"line 1\nline 2"', { K: 'line 1\nline 2' }],
  ['blanks before a quote', "K=  'a # b'  ", { K: 'a # b' }],
  ['blanks in quotes', 'K="  v  "', { K: '  v  ' }],
  ['no value', 'K=\nL= \nM=""\nN=\'\'', { K: '', L: '', M: '', N: '' }],
  ['export', 'export K=v', { K: 'v' }],
  ['export and two blanks', 'export  K=v', { K: 'v' }],
  ['export and a tab', 'export\tK=v', { K: 'v' }],
  ['export after a blank', ' export \t K = v', { K: 'v' }],
  ['a key called export', 'export=v', { export: 'v' }],
  ['a key that begins so', 'exported=v', { exported: 'v' }],
  ['more than one =', 'K=a=b==', { K: 'a=b==' }],
  ['a key with other characters', 'db/a.b-c:d=v', { 'db/a.b-c:d': 'v' }],
  ['a key beyond ASCII', 'schlüssel=wört', { schlüssel: 'wört' }],
  ['JSON', 'K={"a": "b", "c": 1}', { K: '{"a": "b", "c": 1}' }],
  ['JSON in quotes', 'K=\'{"a": "b#c"}\'', { K: '{"a": "b#c"}' }],
  ['a URL', 'K=postgres://u:p@h:5432/d?x=y&z=1', { K: 'postgres://u:p@h:5432/d?x=y&z=1' }],
  ['a quote within a value', "K=it's", { K: "it's" }],
  ['a quote at the end of a value', 'K=5"', { K: '5"' }],
  ['quotes within other quotes', 'A="it\'s"\nB=\'a "b"\'\nC=`a\'b"c`', { A: "it's", B: 'a "b"', C: 'a\'b"c' }],
  ['a newline in double quotes', 'K="a\\nb"', { K: 'a\nb' }],
  ['no newline in single quotes', "K='a\\nb'", { K: 'a\\nb' }],
  ['no newline in backticks', 'K=`a\\nb`', { K: 'a\\nb' }],
  ['no newline without quotes', 'K=a\\nb', { K: 'a\\nb' }],
  ['backslashes in single quotes', "K='C:\\dir\\\\new'", { K: 'C:\\dir\\\\new' }],
  ['a backslash at the end of a line', 'K=a\\\nL=b', { K: 'a\\', L: 'b' }],
  ['lines in quotes', 'K="a\n\n b\n"\nL=c', { K: 'a\n\n b\n', L: 'c' }],
  ['lines that look like entries', "K='\nL=1\n# c\n'", { K: '\nL=1\n# c\n' }],
  [
    'a key in PEM',
    'K="-----BEGIN KEY-----\nYQ==\n-----END KEY-----\n"',
    { K: '-----BEGIN KEY-----\nYQ==\n-----END KEY-----\n' },
  ],
  ['nothing expanded', 'A="$K ${K} $(k)"\nB=$A\nC=`d`', { A: '$K ${K} $(k)', B: '$A', C: 'd' }],
  ['a hard blank, which is none', 'K=\u00a0v\u00a0', { K: '\u00a0v\u00a0' }],
  ['other characters that are no blanks here', 'K=\u2003v\f\v', { K: '\u2003v\f\v' }],
  ['a value that is not seen', 'K=\u200b', { K: '\u200b' }],
  ['a byte order mark in a value', 'K=\ufeffv', { K: '\ufeffv' }],
  ['a large value', `K="${'x'.repeat(300_000)}"`, { K: 'x'.repeat(300_000) }],
  ['a large value of lines', `K='${'x\n'.repeat(200_000)}'`, { K: 'x\n'.repeat(200_000) }],
];

const refused: readonly (readonly [kind: string, text: string, line: number, fault: string])[] = [
  ['a line without =', 'A=1\ns3cret', 2, NOT_A_LINE],
  ['a line without a key', '=v', 1, NOT_A_LINE],
  ['two words before =', 'a b=c', 1, NOT_A_LINE],
  ['export without a value', 'A=1\n\nexport K', 3, NOT_A_LINE],
  ['set', 'set K=v', 1, NOT_A_LINE],
  ['a colon in place of =', 'K: v', 1, NOT_A_LINE],
  ['a colon, and = later', 'K: a=b', 1, NOT_A_LINE],
  ['a section', '[section]\nK=v', 1, NOT_A_LINE],
  ['a quoted key', '"K"=v', 1, NOT_A_LINE],
  ['a quoted key in single quotes', "'K'=v", 1, NOT_A_LINE],
  ['a # in a key', 'K#L=v', 1, NOT_A_LINE],
  ['a hard blank before a key', '\u00a0K=v', 1, NOT_A_LINE],
  ['a form feed before a key', '\fK=v', 1, NOT_A_LINE],
  ['a second byte order mark', 'A=1\n\ufeffK=v', 2, NOT_A_LINE],
  ['a separator of lines in a key', 'A\u2028B=v', 1, NOT_A_LINE],
  ['+=', 'A=1\nK +=v', 2, NOT_A_LINE],
  ['a # after a letter', 'K=p#ss', 1, HASH],
  ['a # at the beginning', 'K=#ff0000', 1, HASH],
  ['a # at the beginning, after a blank', 'K= # c', 1, HASH],
  ['a # within something quoted later', 'K=a "b # c"', 1, 'has a quote within a value, and a # after it'],
  ['a # right after a closing quote', 'K="v"#c', 1, AFTER_QUOTE],
  ['text after a closing quote', 'A=1\nK="v"w', 2, AFTER_QUOTE],
  ['text after a closing quote and a blank', "K='v' w", 1, AFTER_QUOTE],
  ['two quoted texts', 'K="a" "b"', 1, AFTER_QUOTE],
  ['an escaped quote', 'K="a\\"b"', 1, AFTER_QUOTE],
  ['an escaped single quote', "K='it\\'s'", 1, AFTER_QUOTE],
  ['text after lines in quotes', 'A=1\nK="a\nb\nc"d', 4, AFTER_QUOTE],
  ['a quote that the next entry closes', 'A="s3cret\nB="v"', 2, AFTER_QUOTE],
  ['a quote that is not closed', 'A=1\nK="v\nL=w', 2, NOT_CLOSED],
  ['a single quote that is not closed', "K='v", 1, NOT_CLOSED],
  ['a backtick that is not closed', 'K=`v\n\n', 1, NOT_CLOSED],
  ['a quote closed by another', 'K="v\'', 1, NOT_CLOSED],
  ['an escape of another language: tab', 'K="a\\tb"', 1, BACKSLASH],
  ['an escape of another language: return', 'K="a\\rb"', 1, BACKSLASH],
  ['an escape of another language: backslash', 'K="a\\\\nb"', 1, BACKSLASH],
  ['an escape of another language: dollar', 'K="a\\$b"', 1, BACKSLASH],
  ['an escape of another language: code point', 'K="\\u0041"', 1, BACKSLASH],
  ['an escape in a later line', 'A=1\nK="a\n\\t"', 3, BACKSLASH],
  ['a backslash before a newline in quotes', 'K="a\\\nb"', 1, BACKSLASH],
  ['a backslash before the closing quote', 'K="a\\"', 1, BACKSLASH],
  ['a return between entries', 'A=one\rB=two\n', 1, RETURN],
  ['returns alone', 'A=one\rB=two\r', 1, RETURN],
  ['a return at the end of the text', 'A=one\r', 1, RETURN],
  ['a return in a value', 'A=1\nB=s3\rcret\n', 2, RETURN],
  ['a return in a comment', '# c\rA=1\n', 1, RETURN],
  ['a return in a comment after a value', 'A=1 # c\rB=2\n', 1, RETURN],
  ['a return in a comment after quotes', 'A="1" # c\rB=2\n', 1, RETURN],
  ['two returns before a newline', 'A=1\r\r\nB=2', 1, RETURN],
  ['a return before =', 'A\r=1\n', 1, RETURN],
  ['a return in quotes', "A='s3\rcret'", 1, RETURN],
  ['Windows line ends in quotes', 'A=1\nB="a\r\nb"\n', 2, 'has a carriage return within quotes'],
  ['Windows line ends in later lines in quotes', 'B="a\nb\r\n"\n', 2, 'has a carriage return within quotes'],
];

test.each(taken)('taken: %s', (_kind, text, entries) => {
  expect(read(text)).toEqual(Object.entries(entries));
});

test.each(refused)('refused: %s', (_kind, text, line, fault) => {
  expect(() => read(text)).toThrow(`line ${String(line)} ${fault}`);
  // Not the text itself, and nothing of it.
  expect(() => read(text)).not.toThrow(/s3|cret/);
});

test('a name of a prototype is a key as any other', () => {
  expect(read('__proto__=a\nconstructor=b\ntoString=c')).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['toString', 'c'],
  ]);
});

test('whatever is taken means the same to Node.js', () => {
  // What Node.js 20.20 and 22.23 read otherwise or lose: tabs, two blanks after export, blanks in a line without an entry.
  const own = /\t|export {2}|^ +($|#)/m;
  for (const [, text, entries] of taken.filter(([, text]) => !own.test(text)))
    expect({ text, ...parseEnv(text) }).toEqual({ text, ...entries });
});

test('of any text what Node.js reads, or it is refused', () => {
  const piece = fc.constantFrom(
    'A',
    'B',
    '=',
    '"',
    "'",
    '`',
    '\n',
    ' ',
    '#',
    'x',
    '\\n',
    '\\',
    'export ',
    '\r\n',
    '\r',
  );
  let same = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      // Node takes a last comment without a newline, or what follows a line of blanks, for the beginning of a key; a
      // second blank after export, too.
      const text = `${pieces
        .join('')
        .replace(/^\s+/gm, '')
        .replace(/export +/g, 'export ')}\n`;
      let entries: [string, string][];
      try {
        entries = read(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_INPUT' });
        return;
      }
      if (entries.length > 0) same++;
      expect(Object.fromEntries(entries)).toEqual({ ...parseEnv(text) });
    }),
    { numRuns: 20_000 },
  );
  expect(same).toBeGreaterThan(100);
});

describe('what takes another parser long, or all of its stack', () => {
  const SIZE = 4_000_000;
  const long = (piece: string) => piece.repeat(SIZE / piece.length);

  test.each([
    ['entries over two lines', 'A="\n"\n', 'the key occurs twice'],
    ['a line of blanks', ' ', 'nothing to import'],
    ['lines of nothing', '\n', 'nothing to import'],
    ['comments', '#\n', 'nothing to import'],
    ['a word', 'x', NOT_A_LINE],
    ['words', 'x ', NOT_A_LINE],
    ['export', 'export ', NOT_A_LINE],
    ['a key', 'x', 'more than 1024', '', '=v'],
    ['blanks before =', ' ', NOT_A_LINE, 'K', 'L=v'],
    ['quotes that are closed', '"', AFTER_QUOTE, 'K='],
    ['escapes', '\\n', NOT_CLOSED, 'K="'],
    ['hashes', '#', HASH, 'K='],
    ['returns', '\r', RETURN],
  ])('%s', (_what, piece, message, before = '', after = '') => {
    const bytes = Buffer.from(`${before}${long(piece)}${after}`);
    expect(() => parseEntries(bytes, { file: undefined, format: undefined, prefix: '' })).toThrow(message);
  });
});
