// Linked with one file for each public header: a function that a header forgot to make inline is
// defined twice, there and by the umbrella here.
#include "tapehead/tapehead.h"

int main() {}
