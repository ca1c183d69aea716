#include "threads.h"

#include <sched.h>
#include <stdlib.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

int available_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return 1;
}

int threads_asked_for() {
  const char* text = getenv("TF_NUM_INTRAOP_THREADS");
  int asked = text ? atoi(text) : 0;
  return asked > 0 ? asked : available_cores();
}

// Lives as long as the process: its threads may still sleep in it while the process exits.
class Pool {
 public:
  explicit Pool(int threads) : threads_(threads) {
    for (int worker = 1; worker < threads_; worker++) {
      try {
        std::thread([this, worker] { serve(worker); }).detach();
      } catch (const std::exception&) {
        threads_ = worker;  // the system gives no more
      }
    }
  }

  int threads() const { return threads_; }

  void run(int tasks, void (*work)(void*, int), void* argument) {
    std::lock_guard<std::mutex> one_call_at_a_time(calls_);
    if (threads_ == 1 || tasks <= 1) {
      for (int task = 0; task < tasks; task++) work(argument, task);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      tasks_ = tasks;
      work_ = work;
      argument_ = argument;
      busy_ = (tasks < threads_ ? tasks : threads_) - 1;
      call_++;
    }
    started_.notify_all();
    for (int task = 0; task < tasks; task += threads_) work(argument, task);
    std::unique_lock<std::mutex> lock(mutex_);
    ended_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void serve(int worker) {
    long seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      started_.wait(lock, [&] { return call_ != seen; });
      seen = call_;
      if (worker >= tasks_) continue;
      lock.unlock();
      for (int task = worker; task < tasks_; task += threads_) work_(argument_, task);
      lock.lock();
      if (--busy_ == 0) ended_.notify_one();
    }
  }

  std::mutex calls_, mutex_;
  std::condition_variable started_, ended_;
  int threads_, tasks_ = 0, busy_ = 0;
  long call_ = 0;
  void (*work_)(void*, int) = nullptr;
  void* argument_ = nullptr;
};

Pool& pool() {
  static Pool* const pool = new Pool(threads_asked_for());
  return *pool;
}

}  // namespace

int num_threads() { return pool().threads(); }

void run_tasks(int tasks, void (*work)(void* argument, int task), void* argument) {
  pool().run(tasks, work, argument);
}
