// SPDX-License-Identifier: Apache-2.0
#include "CAgent.h"
