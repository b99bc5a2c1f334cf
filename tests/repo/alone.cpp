// Linked with alone_again.cpp, which includes the same headers, and a source for each header that
// has none of its own. A function that a header fails to declare inline is then defined twice, and
// linking fails.
#include "tapehead/tapehead.h"

int main() {}
