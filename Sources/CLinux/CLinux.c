#define _GNU_SOURCE
#include "CLinux.h"

int clinux_spawn(const char *program, char *const *arguments, char *const *environment, const int *descriptors, int count, pid_t *id) {
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) return code;
    for (int target = 0; target < count && code == 0; target++)
        code = posix_spawn_file_actions_adddup2(&actions, descriptors[target], target);
    if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&actions, count);
    if (code == 0) code = posix_spawn(id, program, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}
