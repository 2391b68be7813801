#ifndef CLINUX_H
#define CLINUX_H

#include "CLinuxFile.h"
#include "CLinuxSocket.h"
#include "CLinuxThread.h"

#endif
