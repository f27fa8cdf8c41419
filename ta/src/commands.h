/* SPDX-License-Identifier: MIT */
/* The handlers of the commands, see secstor_ta.h. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "session.h"

/* A command's handler; the parameter types were checked. */
typedef TEE_Result (*command)(const struct session *session, TEE_Param *params);

TEE_Result command_info(const struct session *session, TEE_Param *params);
TEE_Result command_whoami(const struct session *session, TEE_Param *params);
TEE_Result command_get(const struct session *session, TEE_Param *params);
TEE_Result command_get_many(const struct session *session, TEE_Param *params);
TEE_Result command_list(const struct session *session, TEE_Param *params);
TEE_Result command_stat(const struct session *session, TEE_Param *params);
TEE_Result command_put(const struct session *session, TEE_Param *params);
TEE_Result command_swap(const struct session *session, TEE_Param *params);
TEE_Result command_delete(const struct session *session, TEE_Param *params);
TEE_Result command_batch(const struct session *session, TEE_Param *params);
TEE_Result command_generate(const struct session *session, TEE_Param *params);
TEE_Result command_generate_and_return(const struct session *session,
				       TEE_Param *params);
TEE_Result command_clear(const struct session *session, TEE_Param *params);
TEE_Result command_verify(const struct session *session, TEE_Param *params);
TEE_Result command_owners(const struct session *session, TEE_Param *params);
TEE_Result command_remove_owner(const struct session *session,
				TEE_Param *params);

#endif /* COMMANDS_H */
