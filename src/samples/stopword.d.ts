/** The lists of `stopword`, which has no types of its own; lists and functions alike. */
declare module "stopword";
