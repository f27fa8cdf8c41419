// SPDX-License-Identifier: MIT
import { changeSuite } from './changes.js';
import { infoSuite } from './info.js';
import { listingSuite } from './listing.js';
import { misuseSuite } from './misuse.js';
import type { Identity, OpenStore } from './store.js';
import { valueSuite } from './values.js';

/**
 * The rules of the API, the same over every backend.
 * @param open opens a store over the backend under test
 * @param identity of the process that opens it
 */
export function conformance(open: OpenStore, identity: Identity): void {
  describe('values', () => {
    valueSuite(open);
  });
  describe('changes', () => {
    changeSuite(open);
  });
  describe('listing', () => {
    listingSuite(open);
  });
  describe('misuse', () => {
    misuseSuite(open);
  });
  describe('info', () => {
    infoSuite(open, identity);
  });
}
