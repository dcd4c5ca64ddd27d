// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "inotify.h"
#include "process.h"
#include "terminal_guard.h"
