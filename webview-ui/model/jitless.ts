import { config } from "zod/v4/core";

/** Before any schema is made: the content security policy forbids the code that zod would otherwise compile. */
config({ jitless: true });
