// SPDX-License-Identifier: MIT
import { errorTable } from '../../error-table.js';
import { because } from '../causes.js';
import { progress } from '../evidence.js';
import { saying, type CheckFunction } from '../subject.js';

export const simulator: CheckFunction = ({ evidence }) => {
  const { error } = evidence;
  if (error === undefined || progress(evidence, 'simulator') !== 'broken') return because('simulator');
  const { remedy } = errorTable[error.code];
  return because('simulator-fails', { error: saying(error.message, remedy), remedy });
};
