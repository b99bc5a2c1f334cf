// Violates the rule for kernel files that symbols_test.cpp checks.
int sum_to(int n);

__attribute__((noinline)) inline int leak(int n) { return n > 0 ? n + sum_to(n - 1) : 0; }

int sum_to(int n) { return leak(n); }
