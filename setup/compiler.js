/** The C++ compiler: `g++`, or what CXX names, with options if it likes. */
export const compiler = () => (process.env.CXX || 'g++').trim().split(/\s+/);

export const COMPILER_MISSING =
  'Setup compiles a small addon with it: install a C++ compiler (on Debian and Ubuntu: apt install g++), or name yours in CXX.';
