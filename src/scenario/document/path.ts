/** From a scenario to one of its values: keys and indices. */
export type Path = (string | number)[];
