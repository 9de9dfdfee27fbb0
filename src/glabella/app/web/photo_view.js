/** The photo as a Vue component for NiceGUI: a thin shell around glabella_photo.js. */
import { ownUrl } from "glabella_bus";
import { createPhotoViewer } from "glabella_photo";

export default {
  template: '<div class="glp-host"></div>',
  props: { picture: Object, sites: Array, anatomy: Object, mode: String },
  async mounted() {
    await this.$nextTick(); // only now has the host a size
    this.viewer = createPhotoViewer({ host: this.$el, emit: (name, detail) => this.$emit(name, detail) });
    this.show(this.picture);
    this.viewer.setMode(this.mode);
    this.viewer.setAnatomy(this.anatomy);
    this.viewer.setSites(this.sites ?? []);
  },
  beforeUnmount() {
    this.viewer?.dispose();
  },
  watch: {
    picture(picture) { this.show(picture); },
    sites(sites) { this.viewer?.setSites(sites ?? []); },
    anatomy(anatomy) { this.viewer?.setAnatomy(anatomy); },
    mode(mode) { this.viewer?.setMode(mode); },
  },
  methods: {
    show(picture) { this.viewer?.setPicture(picture && { ...picture, url: ownUrl(picture.url) }); },
    come_into_view() { this.$el.scrollIntoView({ block: "end" }); },
    /** Put every mark where its site is: what was dragged to a place that was refused goes back. */
    settle() { this.viewer?.lay(); },
  },
};
