// SPDX-License-Identifier: Apache-2.0

/// What a frame carries. Host to agent below 64, agent to host from 64, both ways from 128.
package enum FrameType: UInt8, Sendable, CaseIterable {
    case hello = 1
    case stateRequest = 2
    case begin = 3
    case entries = 4
    case deletions = 5
    case data = 6
    case copy = 7
    case commit = 8
    case abort = 9
    case restart = 10
    case signal = 11
    case welcome = 64
    case stateFiles = 65
    case state = 66
    case dataAcknowledged = 67
    case committed = 68
    case appStarted = 69
    case appExited = 70
    case ready = 71
    case fault = 72
    case pulledItem = 73
    case pulledData = 74
    case pulledEnd = 75
    case pullDone = 76
    case stateParts = 77
    case ping = 128
    case pong = 129
}
