// SPDX-License-Identifier: MIT
/** What the command line says of an error, and with which code it then ends. */
import { detailsOf, isSecureStorageError, SecureStorageError } from '../errors/error.js';
import { errorTable, Exit, type ErrorCode } from '../errors/table.js';
import { harmless, jsonLine } from '../util/visible.js';
import { hasCommand } from './registry.js';
import type { Io } from './terminal/io.js';

const wrongUse: ReadonlySet<ErrorCode> = new Set(['ERR_INVALID_ARG', 'ERR_USAGE']);

/**
 * Writes an error to standard error.
 * @param command that failed
 * @returns the exit code
 */
export function report(thrown: unknown, command: string, io: Io, json: boolean): number {
  const error = inOwnWords(asOutputError(thrown), command);
  if (!isSecureStorageError(error)) {
    const { message } = error instanceof Error ? error : new Error('an unknown error');
    io.note(json ? jsonLine({ error: { code: 'ERR_UNEXPECTED', message } }) : `optee-storage: ${harmless(message)}\n`);
    return Exit.ERROR;
  }
  io.note(json ? jsonLine({ error }) : `optee-storage: ${described(error)}\n`);
  return errorTable[error.code].exit;
}

/** Node.js's own error of a stream that could not be written to is one of the table. */
function asOutputError(error: unknown): unknown {
  const { syscall, message } = error as Partial<NodeJS.ErrnoException>;
  if (isSecureStorageError(error) || syscall !== 'write') return error;
  const detail = `standard output could not be written: ${String(message)}`;
  return new SecureStorageError('ERR_OUTPUT', { detail, remedy: 'Make room where it leads to.', cause: error });
}

/** Names the command in place of the method that failed, and options as they are given here. */
function inOwnWords(error: unknown, command: string): unknown {
  const details = error instanceof SecureStorageError ? detailsOf(error) : undefined;
  if (!(error instanceof SecureStorageError) || details === undefined) return error;
  const operation = details.operation === undefined ? undefined : command;
  const detail = details.detail?.replace(/\boptions\.([\w.]+)/g, (_, name: string) => `--${optionNamed(name)}`);
  const help = wrongUse.has(error.code) && hasCommand(command) ? `See "optee-storage ${command} --help".` : undefined;
  return new SecureStorageError(error.code, { ...details, operation, detail, remedy: details.remedy ?? help });
}

/** The option of the command line for one of SecureStorage.open() or a method. */
function optionNamed(property: string): string {
  return property === 'simulator.directory' ? 'simulator-dir' : kebabCase(property);
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function described({ message, code }: SecureStorageError): string {
  return code === 'ERR_USAGE' ? message : `${message} [${code}]`;
}
