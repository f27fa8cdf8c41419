// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Commands that may fetch a stranger's package and run it. npx and its likes take the name of a program that is not installed
 * for the name of a package, and a package of our program's name is not ours.
 */

/** What runs a package, fetched if need be. Blanks may be a line that is continued. */
const BLANK = String.raw`(?:[ \t]|\\\r?\n[ \t]*)`;
const RUNNER = String.raw`\b(?:npx|pnpx|bunx|npm${BLANK}+(?:exec|x)|pnpm${BLANK}+dlx|yarn${BLANK}+dlx|bun${BLANK}+x)`;
const IN_SHELL = new RegExp(String.raw`(?<![\w/.-])(?:${RUNNER})(?<words>(?:${BLANK}+[^\s\\|;&<>()]+)+)`, 'g');
/** As programs start others: the runner is a text, its arguments are a list of them. */
const IN_CODE = /(['"`])(?:npx|pnpx|bunx|npm|pnpm|yarn)\1\s*,\s*\[(?<list>[^\]]*)\]/g;
const INSTALLER = new RegExp(
  String.raw`\b(?:npm|pnpm|yarn|bun)${BLANK}+(?:global${BLANK}+)?(?:i|install|add|create|init)(?<words>(?:${BLANK}+[^\s\\|;&<>()]+)+)`,
  'g',
);
/** Root would run what another user, or a dependency, has put into node_modules. */
const AS_ROOT = new RegExp(String.raw`\bsudo${BLANK}+(?:-[\w-]+${BLANK}+)*(?:${RUNNER})(?=\s)`, 'g');

/** Options of the runners that take a word, which is the name of a package for the first two. */
const WITH_PACKAGE = ['-p', '--package'];
const WITH_WORD = [...WITH_PACKAGE, '-w', '--workspace'];
/** What follows is a line for a shell, in which no name is that of a package. */
const WITH_LINE = ['-c', '--call'];
const WITHOUT_FETCHING = ['--no', '--no-install'];

/**
 * Such commands in a text.
 * @param {string} text @param {string} own the name of our package @param {readonly string[]} programs of it
 * @returns {string[]} each as "line: what"
 */
export function strangersIn(text, own, programs = []) {
  const shell = [...text.matchAll(IN_SHELL)].map((match) => ({ match, words: wordsOf(match.groups?.words ?? '') }));
  const code = [...text.matchAll(IN_CODE)].flatMap((match) => {
    const words = (match.groups?.list ?? '').split(',').map(bare).filter(Boolean);
    const isRunner = /^.(?:npx|pnpx|bunx)/.test(match[0]) || ['exec', 'x', 'dlx'].includes(words[0] ?? '');
    return isRunner ? [{ match, words: words.filter((word, n) => n > 0 || !['exec', 'x', 'dlx'].includes(word)) }] : [];
  });
  const run = [...shell, ...code].flatMap(({ match, words }) => {
    const stranger = strangerAmong(words, own);
    if (stranger === undefined) return [];
    const said = match[0].replace(/\s+/g, ' ').trim();
    return [{ at: match.index, what: `"${said}" may run a stranger's package; say npx ${own}, or npx --no` }];
  });
  const installed = [...text.matchAll(INSTALLER)].flatMap((match) => {
    const name = wordsOf(match.groups?.words ?? '').find((word) => word !== own && programs.includes(nameOf(word)));
    return name === undefined
      ? []
      : [{ at: match.index, what: `"${name}" is a program of ours, and no package of ours` }];
  });
  const root = [...text.matchAll(AS_ROOT)].map((match) => ({
    at: match.index,
    what: 'root would run a node_modules that others can write; say sudo npm install --global, then sudo and the program',
  }));
  const all = [...run, ...installed, ...root].sort((one, other) => one.at - other.at);
  return all.map(({ at, what }) => `${text.slice(0, at).split('\n').length}: ${what}`);
}

/** The package that may be fetched; undefined if it is ours, none is named, or none is fetched. @param {readonly string[]} words @param {string} own */
function strangerAmong(words, own) {
  const packages = [];
  let named = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [option = '', value] = word.startsWith('-') ? word.split(/=(.*)/s) : [];
    if (WITHOUT_FETCHING.includes(option) && (value ?? 'true') === 'true') return undefined;
    if (!word.startsWith('-')) {
      // With --package that is a program, of these packages.
      if (!named && /^[a-z@$]/i.test(word)) packages.push(word);
      break;
    }
    if (WITH_LINE.includes(option)) break;
    if (!WITH_WORD.includes(option)) continue;
    const given = value ?? words[++at] ?? '';
    if (WITH_PACKAGE.includes(option)) {
      packages.push(given);
      named = true;
    }
  }
  return packages.find((name) => nameOf(name) !== own);
}

/** Without its version. @param {string} word */
const nameOf = (word) => word.replace(/(?<=.)@.*$/, '');

/** @param {string} text */
function wordsOf(text) {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split(/\s+/)
    .map(bare)
    .filter(Boolean);
}

/** Without quotes, and without what ends a sentence or a piece of code around it. @param {string} word */
function bare(word) {
  return word.trim().replace(/^['"`]+|['"`.,:!?]+$/g, '');
}
