/* SPDX-License-Identifier: MIT
 * command/acl.h - the names of ACL categories, and which of them a command's flags
 * imply.  The rules of users come with the ACL engine. */
#ifndef IGNIS_COMMAND_ACL_H
#define IGNIS_COMMAND_ACL_H
#include "command/command.h"

#define ACL_CATEGORIES 21

/* The i-th category in the order ACL CAT and COMMAND INFO print them, without the
 * "@"; its bit is 1 << i. */
const char *acl_category_name(int i);
/* The bit of a category, any case, without "@"; 0 when there is none. */
uint32_t acl_category_by_name(struct bytes name);
/* All categories of a row: its family's, its own, those its flags imply. */
uint32_t acl_categories_of(const struct command *row, const struct family *family);

#endif
