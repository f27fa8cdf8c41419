// SPDX-License-Identifier: MIT
// @ts-check
/** docs/versions.md. */
import { VERSIONS } from '../../machine/versions.mjs';
import { SUITES, suitesOf } from './suites.mjs';

/** @typedef {import('./records.mjs').Records} Records */
/** @typedef {import('./records.mjs').VersionRecord} VersionRecord */

/** What a user notices, beside what the tests count. @type {Readonly<Record<string, string>>} */
const DIFFERENCES = {
  trixie: 'The machine of `npm test`.',
  systemd: "The first process is Debian's systemd, with udev. It runs the units of `examples/systemd`.",
  bookworm:
    'The library and the supplicant are of the generation of JetPack 5: `libteec.so.1`, and files in `/data/tee`. The package loads either library.',
  sid: 'OP-TEE trusts the development key of 4.7 and later: `ta install` places the Trusted Application that is signed with it.',
  'like-nvidia': 'The configuration is taken from the published part of NVIDIA’s; NVIDIA’s own tree cannot run here.',
  'default-heap': 'Values of 1 MiB fit: at most one large object is open at a time.',
  rpmb: '`info()` says `antiRollback: 1000` and `rollbackProtected: null`. An older copy, and a directory that was removed or emptied, are refused: ERR_CORRUPT for everybody, until the newest state is put back.',
  'rpmb-elsewhere':
    '`info()` says the same as above, and an older copy of the directory is taken: this is why `rollbackProtected` is never true.',
  'rpmb-alone': 'What does not fit into the partition is refused: ERR_NO_SPACE, which names RPMB.',
};

/** @param {VersionRecord['suites'][string] | undefined} outcome */
function cell(outcome) {
  if (outcome === undefined) return '–';
  const { passed, failures } = outcome;
  return failures.length === 0 ? `${passed} passed` : `${passed} passed, **${failures.length} failed**`;
}

/** @param {string} version @param {VersionRecord | undefined} record */
function section(version, record) {
  const head = `## ${version}\n\n${VERSIONS[version]?.title}. ${DIFFERENCES[version] ?? ''}\n`;
  if (record === undefined) return `${head}\nNo run of all its tests is recorded yet.\n`;
  const failed = Object.entries(record.suites).flatMap(([suite, { failures }]) =>
    failures.map((failure) => `- failed, ${suite}: ${failure}\n`),
  );
  const rows = suitesOf(version).map((name) => `| ${SUITES[name].title} | ${cell(record.suites[name])} |\n`);
  const doctor = record.doctor.map((line) => `${line}\n`).join('');
  return `${head}
| tests, run on ${record.date} | |
|---|---|
${rows.join('')}${failed.length > 0 ? `\n${failed.join('')}` : ''}
\`optee-storage doctor\`, without the lines that say ok:

\`\`\`text
${doctor}\`\`\`
`;
}

/** @param {Records} records */
export function reportOf(records) {
  const sections = Object.keys(VERSIONS).map((version) => section(version, records[version]));
  return `# Versions of OP-TEE, Linux and libteec

This page says on which versions the package was run, and what differs there. \`npm run test:versions\` runs the tests
on each and writes it; \`npm test\` runs the first part on bookworm and sid. All machines are QEMU's, all parts are
Debian's, and it is one Trusted Application everywhere, signed with the key that each OP-TEE trusts.

${sections.join('\n')}
## Run outside of this project

An earlier state of the package was run on OP-TEE 3.16, 3.19, 3.21, 3.22, 4.2, 4.4 and 4.6, built from the upstream tags.
Each had its own client library and supplicant. Two or three users stored values up to 1 MiB, and the machine was rebooted. On 3.16, 3.22
and 4.2 whole suites of the tests ran. What was found there is fixed. The host tests run in both ages: before 3.20, sizes have 32 bits
and a wrong hash has another name ([testing.md](testing.md)). A Trusted Application whose header is not at address 0 does not load
before 4.0. The one of this package has it there, and a check of the package reads it.

Nobody has run the package on a Jetson yet ([jetson.md](jetson.md)).
`;
}
