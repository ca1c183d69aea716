/** The tasks that a run trains and evaluates: those of `train.tasks`, else all. */

interface TasksConfig<Task> {
  readonly tasks: Readonly<Record<string, Task>>;
  readonly train: { readonly tasks?: readonly string[] | undefined };
}

export function activeTasks<Task>({ tasks, train }: TasksConfig<Task>): Readonly<Record<string, Task>> {
  if (!train.tasks) return tasks;
  return Object.fromEntries(Object.entries(tasks).filter(([name]) => train.tasks!.includes(name)));
}
