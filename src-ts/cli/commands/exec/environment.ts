// SPDX-License-Identifier: MIT
/** Which secrets a program gets under which names, and what of them can be in an environment at all. */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

import { SecureStorageError } from '../../../errors/error.js';
import { quoted } from '../../../util/visible.js';
import { wipeableBuffer } from '../../../util/wipeable.js';
import { usageError } from '../../command-line.js';

/** A variable and the key whose value it is to have. */
export interface Variable {
  readonly name: string;
  readonly key: string;
}

/** MAX_ARG_STRLEN of Linux: the most that NAME=VALUE with its final zero byte may have. */
const STRING_MAX = 128 * 1024;

/**
 * What `NAME=KEY` says; `NAME` alone stands for the key of that name.
 * @throws SecureStorageError ERR_USAGE
 */
export function parseVariable(text: string, option: string): Variable {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw usageError(`--${option} needs NAME=KEY, where NAME has letters, digits and _, and begins with no digit`);
  }
  const key = at < 0 ? text : text.slice(at + 1);
  if (key === '') throw usageError(`--${option} ${name}= names no key; ${name} alone stands for the key of that name`);
  return { name, key };
}

/**
 * The name for a key that was found by a prefix: what follows the prefix, in capitals, with _ for whatever is neither
 * a letter from A to Z nor a digit.
 * @throws SecureStorageError ERR_USAGE if that is no name
 */
export function variableOf(key: string, prefix: string): Variable {
  const name = key
    .slice(prefix.length)
    .toUpperCase()
    .replace(/[^A-Z0-9_]/gu, '_');
  if (!/^[A-Z_]/.test(name)) throw usageError(`the key ${quoted(key)} gives no name of a variable; use --env`);
  return { name, key };
}

/**
 * Names that decide what is run, loaded or trusted, by shells, loaders, interpreters and tools. The list cannot be
 * complete; what a program reads for itself alone is not in it.
 */
const POWERFUL = new RegExp(
  `^(${[
    'PATH|HOME|SHELL|IFS|ENV|BASH_ENV|BASH_FUNC.*|SHELLOPTS|BASHOPTS|PS[0-4]|PROMPT_COMMAND|CDPATH|FPATH|GLOBIGNORE|ZDOTDIR',
    'NULLCMD|READNULLCMD|INPUTRC|HISTFILE|TMPDIR|TMPPREFIX|XDG_.*|TERM|TERMCAP|TERMPATH|TERMINFO.*|PATH_LOCALE',
    'LD_.*|_RLD.*|LIBPATH|SHLIB_PATH|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*',
    'LOCALDOMAIN|RES_OPTIONS|HOSTALIASES|KRB5.*|SASL_PATH|AUTHSTATE|ODBC.*INI|PGSYSCONFDIR|PGSERVICE.*|PGPASSFILE|TNS_ADMIN',
    'NODE_.*|NPM_.*|YARN_.*|ELECTRON_.*|DENO_(CERT|DIR|TLS.*)|BUN_(CONFIG|INSTALL|OPTIONS).*|PYTHON.*|PIP_.*|PERL.*|RUBY.*',
    'GEM_.*|BUNDLE_.*|LUA_.*|PHP.*|R_(HOME|LIBS|ENVIRON|PROFILE).*|TCLLIBPATH|GUILE_LOAD.*|AWK(LIB)?PATH',
    'ERL_(LIBS|[AZ]?FLAGS|INETRC)|ELIXIR_ERL_OPTIONS|GO(FLAGS|PATH|ROOT|BIN|ENV|PROXY|SUMDB|NOSUMDB|TOOLCHAIN)',
    'CARGO_(HOME|BUILD|TARGET|ENCODED).*|RUSTC.*|RUSTFLAGS|RUSTUP_.*|CLASSPATH|_?JAVA_.*|JDK_.*|JRE_.*|CATALINA_.*|JPDA_.*',
    '(ANT|GRADLE|MAVEN|SBT)_(ARGS|OPTS|HOME|USER_HOME)|DOTNET_.*|CORECLR_.*|COMPLUS_.*|MONO_.*',
    'MAKEFLAGS|MAKEFILES|GNUMAKEFLAGS|CC|CXX|CPP|LD|CPATH|C.*_INCLUDE_PATH|LIBRARY_PATH|COMPILER_PATH|GCC_EXEC_PREFIX',
    'GIT_.*|SSH_.*|SUDO_.*|GNUPGHOME|DOCKER_(HOST|CONFIG|CONTEXT|CERT_PATH|TLS.*)|KUBECONFIG|SYSTEMD_.*|NOTIFY_SOCKET',
    'LISTEN_(FDS|FDNAMES|PID)|DBUS_.*|GTK_(MODULES|PATH|.*_FILE)|GDK_.*|GIO_.*|GST_(PLUGIN|REGISTRY).*|QT_.*|QML.*PATH',
    'LIBGL_.*|LIBVA_.*|VK_.*|OCL_ICD_.*|EDITOR|VISUAL|.*PAGER|LESS|LESSOPEN|LESSCLOSE|LESSKEY.*|BROWSER',
    'OPENSSL_.*|SSL_.*|SSLKEYLOGFILE|CURL_.*|WGETRC|NETRC|REQUESTS_CA_BUNDLE|AWS_(CONFIG|SHARED_CREDENTIALS)_FILE|AWS_CA_BUNDLE',
    'AWS_ENDPOINT_URL.*|(HTTPS?|FTP|ALL|NO|SOCKS)_PROXY|OPTEE_STORAGE_.*',
  ].join('|')})$`,
);

/**
 * Refuses what somebody else who may write to the store could set without being asked for it: a name that decides what is
 * run, or one that is set already.
 * @param variables found by a prefix
 * @param present the environment of this process
 * @throws SecureStorageError ERR_USAGE
 */
export function checkHarmless(variables: readonly Variable[], present: NodeJS.ProcessEnv): void {
  for (const { name, key } of variables) {
    const powerful = POWERFUL.test(name);
    if (!powerful && present[name] === undefined) continue;
    const why = powerful ? 'decides what is run or trusted' : 'is set already';
    const fault = `the key ${quoted(key)} would set ${name}, which ${why}`;
    throw usageError(`${fault}; ask for it by itself, with --env ${name}=KEY`);
  }
}

/** @throws SecureStorageError ERR_USAGE if two variables have one name */
export function checkDistinct(variables: readonly Variable[]): void {
  const names = new Set<string>();
  for (const { name } of variables) {
    if (names.has(name)) throw usageError(`the variable ${name} is asked for twice`);
    names.add(name);
  }
}

/** The environment of this process, byte for byte: each `NAME=VALUE`, or what else there is in it. */
export function ownEnvironment(): Buffer[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync('/proc/self/environ');
  } catch {
    // No such system: as Node.js has it.
    return Object.entries(process.env).map(([name, value]) => Buffer.from(`${name}=${value ?? ''}`));
  }
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    const entry = bytes.subarray(at, end < 0 ? bytes.length : end);
    at += entry.length + 1;
    // Node.js takes these for itself.
    if (!entry.toString('latin1').startsWith('NODE_CHANNEL_')) entries.push(entry);
  }
  return entries;
}

/** An environment with some variables added; they take the place of those that had their names. */
export function withVariables(environment: readonly Buffer[], added: ReadonlyMap<string, Buffer>): Buffer[] {
  const names = [...added.keys()].map((name) => Buffer.from(`${name}=`));
  const isReplaced = (entry: Buffer) => names.some((name) => entry.subarray(0, name.length).equals(name));
  const variables = [...added.values()].map((value, n) => {
    const name = names[n] ?? Buffer.alloc(0);
    const entry = wipeableBuffer(name.length + value.length);
    entry.set(name);
    entry.set(value, name.length);
    return entry;
  });
  return [...environment.filter((entry) => !isReplaced(entry)), ...variables];
}

/**
 * An environment as Node.js takes one. It would make one character of whatever is not UTF-8, and leave out what is no
 * NAME=VALUE, the second of a name, and a name that is a number.
 * @throws SecureStorageError ERR_USAGE if it would be another one
 */
export function environmentObject(environment: readonly Buffer[]): NodeJS.ProcessEnv {
  // Without a prototype no name of a variable means anything else.
  const env = Object.create(null) as NodeJS.ProcessEnv;
  for (const entry of environment) {
    const text = entry.toString();
    const equals = text.indexOf('=');
    // It may be anything, a secret too.
    const name = equals < 0 ? undefined : text.slice(0, equals);
    if (name === undefined) throw usageError('the environment has an entry that is no NAME=VALUE and would get lost');
    if (env[name] !== undefined || !isUtf8(entry)) {
      const fault = 'is not UTF-8, or there twice';
      throw usageError(`${quoted(name)} in the environment ${fault}, so that it would change: unset it`);
    }
    env[name] = text.slice(name.length + 1);
  }
  return env;
}

/**
 * Refuses a value that no environment can hold.
 * @throws SecureStorageError ERR_ENV_VALUE
 */
export function checkValue({ name, key }: Variable, value: Buffer): void {
  const refuse = (detail: string) => new SecureStorageError('ERR_ENV_VALUE', { operation: 'exec', key, detail });
  if (value.includes(0)) throw refuse('the value has a zero byte, which an environment variable cannot have');
  if (name.length + value.length + 2 > STRING_MAX) throw refuse('the value is too large for an environment variable');
  if (!isUtf8(value)) throw refuse('the value is not well-formed UTF-8, which an environment variable must be here');
}
