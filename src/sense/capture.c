#include "sense/capture.h"
