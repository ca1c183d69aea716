/**
 * TensorFlow for the layers above: importing this loads the native engine (0.3 s), which is why commands import
 * what stands on it only when they run.
 */
import { loadTensorflow } from './load.js';

export const tf = loadTensorflow();
