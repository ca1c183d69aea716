// A pool of threads of our own: TensorFlow's C API lends none. They sleep between calls.
#pragma once

// Threads that work on one call, the caller included: TF_NUM_INTRAOP_THREADS, else one for each core.
int num_threads();

// Runs work(argument, task) for each task of 0 .. tasks - 1 and returns when all are done. Task i runs on worker
// i % num_threads(), in order, so that what a worker adds up does not depend on time.
void run_tasks(int tasks, void (*work)(void* argument, int task), void* argument);

// The same for a function object.
template <class F>
void run_tasks(int tasks, F& f) {
  run_tasks(tasks, [](void* argument, int task) { (*static_cast<F*>(argument))(task); }, &f);
}
