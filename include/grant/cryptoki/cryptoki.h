// The PKCS#11 3.0 types and constants.
#pragma once

#include <pkcs11.h>
