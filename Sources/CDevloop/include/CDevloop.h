// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "epoll.h"
#include "heap.h"
#include "inotify.h"
#include "process.h"
#include "terminal_guard.h"
