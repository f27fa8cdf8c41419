// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';

/** Standard input that is a terminal, as a stream to write to. */
export class Terminal extends PassThrough {
  readonly isTTY = true;
  /** The modes that were set; true is without echo. */
  readonly modes: boolean[] = [];
  setRawMode = (raw: boolean): never => {
    this.modes.push(raw);
    return this as never;
  };
}
