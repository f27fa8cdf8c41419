// SPDX-License-Identifier: MIT
/** Which reports of a sanitizer are about this project's code. */

/** What is built with sanitizers. node is not. */
const OURS = /^(?:optee_secure_storage\.node|libteec\.so\.[\d.]+)$/;
/** Called by the code that a report is about. */
const RUNTIME = /^(?:lib(?:tsan|stdc\+\+|gcc_s|c|m|dl|pthread)|ld-linux[-\w]*)\.so/;
const WARNING = /^WARNING: ThreadSanitizer: ([^(]+)/;
/** What a warning tells beside the accesses that it is about. */
const BACKGROUND = /^\s*(?:Location|Thread|Mutex) /;
const DESCRIPTOR = /^\s*Location is file descriptor /;
const CLOSING_LINE = /^ThreadSanitizer: reported \d+ warnings$/m;

/**
 * The reports in a sanitizer's log that count. Those of the address and undefined behaviour sanitizers all do. The thread
 * sanitizer does not see how node's own threads agree, because node is built without it, and reports races among them;
 * a report of it counts if our code does one of the things that it is about.
 */
export function ownReports(log: string): string[] {
  return log
    .replace(CLOSING_LINE, '')
    .split(/^={18,}$/m)
    .map((report) => report.trim())
    .filter((report) => report !== '' && (!WARNING.test(report) || isOurs(report)));
}

function isOurs(warning: string): boolean {
  const kind = WARNING.exec(warning)?.[1]?.trim();
  const paragraphs = warning.split(/\n\s*\n/);
  // libuv closes descriptors unseen: what has the same number later is taken for what libuv opened.
  if (paragraphs.some((text) => DESCRIPTOR.test(text) && !isDoneByUs(text))) return false;
  // A thread that was left behind is the whole matter.
  const matter = kind === 'thread leak' ? paragraphs : paragraphs.filter((text) => !BACKGROUND.test(text));
  return matter.some(isDoneByUs);
}

/** Whether the innermost function of a stack that belongs to no runtime library is ours. */
function isDoneByUs(stack: string): boolean {
  const modules = [...stack.matchAll(/^\s*#\d+ .*\(([^()]+)\+0x[\da-f]+\)\s*$/gm)].map(([, module = '']) => module);
  return OURS.test(modules.find((module) => !RUNTIME.test(module)) ?? '');
}
