/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "unpack/zip.h"

#include <criterion/criterion.h>

Test(zip, stored_modes_give_the_owner_what_other_had)
{
    static const struct {
        enum zip_type type;
        int mode;
        unsigned stored;
    } rows[] = {{ZIP_FILE, 0644, 0644},  {ZIP_FILE, 0755, 0755}, {ZIP_FILE, 0600, 0200}, {ZIP_FILE, 0640, 0240}, {ZIP_FILE, 0777, 0777},
                {ZIP_FILE, 06755, 0755}, {ZIP_FILE, 0, 0200},    {ZIP_FILE, 0444, 0644}, {ZIP_FILE, -1, 0644},   {ZIP_FILE, 0711, 0311},
                {ZIP_DIR, -1, 0755},     {ZIP_DIR, 0700, 0755},  {ZIP_DIR, 0755, 0755},  {ZIP_DIR, 01777, 0777}, {ZIP_DIR, 0711, 0311}};
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_eq(zip_stored_mode(rows[i].type, rows[i].mode), rows[i].stored, "%o -> %o", (unsigned)rows[i].mode,
                     zip_stored_mode(rows[i].type, rows[i].mode));
}
