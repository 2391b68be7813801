#ifndef CLINUX_H
#define CLINUX_H

#include "CLinuxFile.h"
#include "CLinuxProcess.h"
#include "CLinuxSocket.h"
#include "CLinuxThread.h"

#endif
