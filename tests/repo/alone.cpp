// Linked with one generated source per public header. A function that a header fails to declare
// inline is then defined twice, and linking fails.
#include "tapehead/tapehead.h"

int main() {}
