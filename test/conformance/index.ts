// SPDX-License-Identifier: MIT
import type { Backend } from './backend.js';
import { batchSuite } from './batches.js';
import { changeSuite } from './changes.js';
import { closingSuite } from './closing.js';
import { concurrencySuite } from './concurrency.js';
import { entriesSuite } from './entries.js';
import { failureSuite } from './failures.js';
import { inProcessSuite } from './in-process.js';
import { infoSuite } from './info.js';
import { maintenanceSuite } from './maintenance.js';
import { limitSuite } from './limits.js';
import { listingSuite } from './listing.js';
import { misuseSuite } from './misuse.js';
import { ownerSuite } from './owners.js';
import { propertySuite } from './properties.js';
import { quotaSuite } from './quota.js';
import { signalSuite } from './signals.js';
import { valueSuite } from './values.js';

/** The rules of the API, the same over every backend. */
export function conformance(backend: Backend): void {
  const { name, open } = backend;
  // tools/lib/conformance-counts.mjs knows the suite by this title.
  describe(`conformance: ${name}`, () => {
    describe('values', () => {
      valueSuite(open);
    });
    describe('limits', () => {
      limitSuite(backend);
    });
    describe('changes', () => {
      changeSuite(open);
    });
    describe('batch', () => {
      batchSuite(open);
    });
    describe('listing', () => {
      listingSuite(open);
    });
    describe('entries', () => {
      entriesSuite(open);
    });
    describe('misuse', () => {
      misuseSuite(open);
    });
    describe('signals and deadlines', () => {
      signalSuite(open);
    });
    describe('many calls at once', () => {
      concurrencySuite(open);
    });
    describe('closing', () => {
      closingSuite(open);
    });
    describe('info', () => {
      infoSuite(backend);
    });
    describe('owners', () => {
      ownerSuite(backend);
    });
    describe('looking after stores', () => {
      maintenanceSuite(backend);
    });
    describe('quota', () => {
      quotaSuite(backend);
    });
    describe('properties', () => {
      propertySuite(backend);
    });
    describe('in this process', () => {
      inProcessSuite(backend);
    });
    describe('failures', () => {
      failureSuite(backend);
    });
  });
}
