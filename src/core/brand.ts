declare const brand: unique symbol;

/** A value of type `T` that passed the check named `Name`; plain `T`s are refused by the compiler. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
