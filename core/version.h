// The version of the headers.
#pragma once

#define TAPEHEAD_VERSION "0.1.0"
