// SPDX-License-Identifier: MIT
import { because } from '../causes.js';
import { progress } from '../evidence.js';
import { told, type CheckFunction } from '../check.js';

export const simulator: CheckFunction = ({ evidence }) => {
  const { error } = evidence;
  if (error === undefined || progress(evidence, 'simulator') !== 'broken') return because('simulator');
  return because('simulator-fails', told(error));
};
