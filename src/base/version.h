/* SPDX-License-Identifier: MIT
 * base/version.h - who we are, and whom we stand in for. */
#ifndef IGNIS_BASE_VERSION_H
#define IGNIS_BASE_VERSION_H

#define VERSION_IGNIS "0.1.0"
/* What clients compare with when they decide which commands they may use: HELLO's
 * version, INFO's redis_version, and what --version says first. */
#define VERSION_REDIS "7.2.4"

#endif
